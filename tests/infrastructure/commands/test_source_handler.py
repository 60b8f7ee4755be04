"""Sources are recorded: in several streams at once, whole or not at all, and go along elsewhere."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.commands import PutSource
from domain.directory import Directory
from domain.events import AccountMapped, DeviceUserRegistered
from domain.rejection import Rejection
from domain.sourcing import Speaker
from infrastructure.commands.authentication import Authentication
from infrastructure.commands.source_handler import SourceHandler
from infrastructure.database.engine import make_engine
from infrastructure.database.migrations import migrate
from infrastructure.importing.ledger import export_ledger, import_ledger
from infrastructure.importing.lines import Line
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.writer import Writer
from tests.helpers.wholeness import faults

Handlers = Callable[[], SourceHandler]


@pytest.fixture
def handlers(engine: Engine) -> Iterator[Handlers]:
    """Makes handlers that know nothing of each other, as those of several processes."""
    writers = []

    def make() -> SourceHandler:
        writers.append(Writer(Ledger(engine).append))
        return SourceHandler(engine, writers[-1], CurrentDirectory(engine))

    yield make
    for writer in writers:
        writer.close()


def command(**fields: Any) -> PutSource:
    return PutSource(**{"kind": "plex", **fields})


def now(engine: Engine) -> Directory:
    return CurrentDirectory(engine).latest()


def test_the_secret_is_of_256_bits_and_only_its_hash_is_kept(
    engine: Engine, handlers: Handlers
) -> None:
    sources = handlers()
    hook = sources.put("plex", command()).hook
    assert hook
    secret = hook.rpartition("/")[2]
    behind = Authentication(CurrentDirectory(engine), "admin").source_behind
    assert behind("plex", secret) == sources.named("plex")
    assert behind("plex", f"{secret}x") is None
    assert behind("other", secret) is None
    assert sources.named("plex").secret_sha256 != secret
    assert len(secret) == 43


def test_whoever_is_heard_in_two_processes_at_once_is_made_once(
    engine: Engine, handlers: Handlers
) -> None:
    both = [handlers(), handlers()]
    both[0].put("plex", command(unknown_accounts="create"))
    speaker = Speaker("1", "Ann", "tv", "Living room")
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: both[n % 2].admit("plex", speaker), range(16)))
    assert found == [None] * 16
    events = [each.event for each in Ledger(engine).read(0, 100)]
    assert sum(isinstance(each, AccountMapped) for each in events) == 1
    assert sum(isinstance(each, DeviceUserRegistered) for each in events) == 1
    assert now(engine).device_users["plex.1.tv"].user == "Ann"


def test_of_two_who_map_an_account_at_once_the_later_wins_whole(
    engine: Engine, handlers: Handlers
) -> None:
    both = [handlers(), handlers()]
    both[0].put("plex", command(accounts={"1": "ann"}))
    users = ["ben", "cleo"] * 6
    with ThreadPoolExecutor(4) as threads:
        list(
            threads.map(
                lambda each: both[each[0] % 2].put("plex", command(accounts={"1": each[1]})),
                enumerate(users),
            )
        )
    [mapped] = now(engine).sources["plex"].accounts.values()
    assert mapped.user in users
    assert not now(engine).knows_user("ann")


def test_what_an_account_is_not_allowed_is_told(handlers: Handlers) -> None:
    sources = handlers()
    sources.put("plex", command())
    refused = sources.admit("plex", Speaker("1"))
    assert isinstance(refused, Rejection)
    assert refused.code == "account_unknown"


def test_an_export_carries_sources_and_accounts(
    engine: Engine, handlers: Handlers, tmp_path: Path
) -> None:
    sources = handlers()
    sources.put("plex", command(accounts={"1": "ann"}, shelves={"movie": "movie_shelf:m"}))
    sources.admit("plex", Speaker("1", "Ann", "tv"))
    sources.rotate_secret("plex")
    other = make_engine(f"sqlite:///{tmp_path / 'other.db'}")
    migrate(other)
    lines = (Line(number, text) for number, text in enumerate(export_ledger(engine), start=1))
    import_ledger(other, lines)
    assert now(other).sources == now(engine).sources
    assert now(other).device_users == now(engine).device_users
    assert faults(other) == []
    other.dispose()
