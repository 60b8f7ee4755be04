"""A ledger with a source, and what pulls from a media server into it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from domain.commands import PutSource
from infrastructure.bootstrap import opened
from infrastructure.pulling.report import Report
from infrastructure.services import Services
from infrastructure.settings.settings import load_settings
from tests.helpers.pulled_servers import TOKEN, MediaServer, serving

Pull = Callable[..., Report]


def write_addresses(path: Path, **urls: str) -> None:
    """A file of addresses as it should be."""
    sections = (f"[{source}]\nurl = {url}\ntoken = {TOKEN}\n" for source, url in urls.items())
    path.write_text("".join(sections))
    path.chmod(0o600)


@pytest.fixture
def services(database_url: str, tmp_path: Path) -> Iterator[Services]:
    options: dict[str, Any] = {
        "database_url": database_url,
        "data_dir": tmp_path,
        "sqlite_synchronous": "OFF",
        "pull_file": tmp_path / "pull.ini",
    }
    with opened(load_settings(options), projects=False) as found:
        yield found


@pytest.fixture
def pull(services: Services, tmp_path: Path) -> Iterator[Pull]:
    """Pulls from a server by a source of its kind, whose account 1 is ada unless said."""
    addresses: dict[int, str] = {}
    with ExitStack() as stack:

        def run(server: MediaServer, source: str = "plex", **how: Any) -> Report:
            if id(server) not in addresses:
                addresses[id(server)] = stack.enter_context(serving(server))
            fields = how.pop("fields", {"kind": "plex", "accounts": {"1": "ada"}})
            services.sources.put(source, PutSource(**fields))
            write_addresses(tmp_path / "pull.ini", **{source: addresses[id(server)]})
            return services.puller.pull(source, **how)

        yield run
