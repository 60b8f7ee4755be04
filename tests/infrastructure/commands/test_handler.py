"""The command handler decides on the ledger's end, however many handlers there are."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from domain.commands import PatchDeviceUser, PlaceItem, PutDeviceUser
from domain.events import IsolationMode
from domain.rejection import Refused
from infrastructure.commands.authentication import Authentication, Caller
from infrastructure.commands.handler import CommandHandler
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.writer import Writer

ANN = PutDeviceUser(user="ann", device="d")


@pytest.fixture
def handlers(engine: Engine) -> Iterator[tuple[CommandHandler, CommandHandler]]:
    """Two handlers to one ledger, as two processes have them."""
    writers = [Writer(Ledger(engine).append) for _ in range(2)]
    first, second = (CommandHandler(engine, each, CurrentDirectory(engine)) for each in writers)
    yield first, second
    for writer in writers:
        writer.close()


def test_a_token_is_known_everywhere_at_once_and_revoked_everywhere(
    engine: Engine, handlers: tuple[CommandHandler, CommandHandler]
) -> None:
    here, _ = handlers
    there = Authentication(CurrentDirectory(engine), "admin")
    _, token = here.put_device_user("tv", ANN)
    assert token is not None
    assert there.authenticate(token) == Caller("tv")
    here.revoke_token("tv")
    with pytest.raises(Refused) as refused:
        there.authenticate(token)
    assert refused.value.rejection.code == "token_unknown"


def test_of_two_doors_that_register_the_same_cduid_one_tells_a_token(
    handlers: tuple[CommandHandler, CommandHandler],
) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: handlers[n % 2].put_device_user("tv", ANN), range(8)))
    assert sum(token is not None for _, token in answers) == 1


def test_the_same_items_placed_at_two_handlers_are_recorded_once(
    engine: Engine, handlers: tuple[CommandHandler, CommandHandler]
) -> None:
    shelf = PlaceItem(item="movie_shelf:m")
    movies = [PlaceItem(item=f"movie:{n}", parent="movie_shelf:m") for n in range(50)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: handlers[n % 2].place_items([shelf, *movies]), range(8)))
    assert Ledger(engine).head()[:2] == (51, 51)


def test_changes_of_different_fields_at_two_handlers_are_both_kept(
    handlers: tuple[CommandHandler, CommandHandler],
) -> None:
    here, there = handlers
    here.put_device_user("tv", ANN)
    for number in range(10):
        name = f"name {number}"
        described = PutDeviceUser(user="ann", device="d", kind=name)
        renamed = PatchDeviceUser(display_name=name)
        with ThreadPoolExecutor(2) as pool:
            list(
                pool.map(
                    lambda change: change(),
                    (
                        lambda: here.put_device_user("tv", described),  # noqa: B023
                        lambda: there.patch_device_user("tv", renamed),  # noqa: B023
                    ),
                )
            )
        assert here.put_device_user("tv", described) == there.put_device_user("tv", described)
        position = here.put_device_user("tv", described)[0].position
        assert here.patch_device_user("tv", renamed).position == position


def test_a_device_is_changed_while_it_reports(
    handlers: tuple[CommandHandler, CommandHandler],
) -> None:
    here, _ = handlers
    here.put_device_user("tv", ANN)
    mode = PatchDeviceUser(isolation_mode=IsolationMode.QUIET)
    before = here.patch_device_user("tv", PatchDeviceUser()).position
    assert here.patch_device_user("tv", mode).position == before + 1
