"""A served ledger with nothing in it: for each test its own, or one that many only read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from infrastructure.bootstrap import opened
from infrastructure.settings.settings import load_settings
from tests.helpers.api import Api, served


@contextmanager
def _api(database_url: str | None, data_dir: Path) -> Iterator[Api]:
    options = {
        "database_url": database_url,
        "data_dir": data_dir,
        "admin_token": "the-admin",
        "sqlite_synchronous": "OFF",
        "stranger_requests_per_second": 0,
    }
    with opened(load_settings(options)) as services, capture_logs(), served(services) as address:
        api = Api(address, "the-admin", services)
        yield api
        api.close()


@pytest.fixture
def api(database_url: str, tmp_path: Path) -> Iterator[Api]:
    with _api(database_url, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def shared_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One for all tests of a module, on SQLite: for what is refused and so changes nothing."""
    with _api(None, tmp_path_factory.mktemp("shared")) as found:
        yield found


@pytest.fixture(scope="module")
def tv(shared_api: Api) -> httpx.Client:
    """A device user of the shared one."""
    return shared_api.register("tv")
