"""One follower of catalog, users and access: versions that never change under whoever has one."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from sqlalchemy import Connection, Engine

from domain.commands import PlaceItem, PutDeviceUser
from domain.policy import Policy
from infrastructure.commands.handler import CommandHandler
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.writer import Writer
from infrastructure.projecting.projector import Projector
from infrastructure.querying.reader import Reader


@pytest.fixture
def handler(engine: Engine) -> Iterator[CommandHandler]:
    writer = Writer(Ledger(engine).append)
    yield CommandHandler(engine, writer, CurrentDirectory(engine))
    writer.close()


def place(handler: CommandHandler, *movies: str) -> int:
    shelf = PlaceItem(item="movie_shelf:m")
    placed = [PlaceItem(item=f"movie:{each}", parent="movie_shelf:m") for each in movies]
    return handler.place_items([shelf, *placed])[1].position


def never() -> Connection:
    raise AssertionError("this version should have been kept")


def test_a_version_stays_as_it_is_while_others_go_on(
    engine: Engine, handler: CommandHandler
) -> None:
    directories = CurrentDirectory(engine)
    first = place(handler, "a")
    before = directories.latest()
    leaves = before.catalog.leaves("movie_shelf:m").items
    place(handler, "b")
    after = directories.latest()
    assert before.catalog.leaves("movie_shelf:m").items == leaves == ["movie:a"]
    assert after.catalog.leaves("movie_shelf:m").items == ["movie:a", "movie:b"]
    assert before.position == first
    assert "movie:b" not in before.catalog


def test_a_version_that_is_kept_is_found_without_the_database(
    engine: Engine, handler: CommandHandler
) -> None:
    directories = CurrentDirectory(engine)
    positions = [place(handler, each) for each in "abc"]
    with read_transaction(engine) as connection:
        made = [directories.as_of(each, lambda: connection) for each in positions]
    found = [directories.as_of(each, never) for each in positions]
    assert [each is other for each, other in zip(made, found, strict=True)] == [True] * 3
    assert [len(each.catalog.nodes) for each in found] == [2, 3, 4]


def test_an_earlier_version_is_made_anew_if_none_is_kept(
    engine: Engine, handler: CommandHandler
) -> None:
    directories = CurrentDirectory(engine)
    first = place(handler, "a")
    place(handler, "b")
    directories.latest()
    with read_transaction(engine) as connection:
        assert list(directories.as_of(first, lambda: connection).catalog.nodes) == [
            "movie_shelf:m",
            "movie:a",
        ]


def test_nothing_new_makes_no_new_version(engine: Engine, handler: CommandHandler) -> None:
    directories = CurrentDirectory(engine)
    handler.put_device_user("tv", PutDeviceUser(user="ann", device="d"))
    assert directories.latest() is directories.latest()


def test_nobody_waits_for_a_reader_that_takes_long(engine: Engine, handler: CommandHandler) -> None:
    """A long read and a change of the catalog once kept all other readers waiting."""
    handler.put_device_user("tv", PutDeviceUser(user="ann", device="d"))
    place(handler, "a")
    reader, projector = Reader(engine), Projector(engine, Policy(), page_size=100)
    projector.catch_up()
    inside, done = Event(), Event()

    def read_long() -> int:
        with reader.snapshot() as snapshot:
            inside.set()
            assert done.wait(10)
            return len(snapshot.directory.catalog.nodes)

    def read(of: str) -> bool:
        with reader.snapshot(of) as snapshot:
            return "movie:b" in snapshot.directory.catalog

    with ThreadPoolExecutor(2) as pool:
        long = pool.submit(read_long)
        assert inside.wait(10)
        place(handler, "b")
        projector.catch_up()
        assert pool.submit(read, "tv").result(timeout=5)
        done.set()
        assert long.result(timeout=5) == 2


def test_callers_are_known_without_waiting_for_each_other(
    engine: Engine, handler: CommandHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler.put_device_user("tv", PutDeviceUser(user="ann", device="d"))
    directories = CurrentDirectory(engine)
    directories.latest()
    together: list[str] = []
    both = Event()
    asked: Callable[..., bool] = directories._statements.has_settings_after

    def slow(driver: object, position: int) -> bool:
        together.append("in")
        if len(together) == 2:
            both.set()
        assert both.wait(5), "the second came in only once the first had left"
        return asked(driver, position)

    monkeypatch.setattr(directories._statements, "has_settings_after", slow)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: directories.latest(), range(2)))
    assert found[0] is found[1]
