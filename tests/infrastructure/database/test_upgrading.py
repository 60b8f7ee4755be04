"""A ledger that an older version wrote: its times are mended, and a rebuild is due."""

import json
from collections.abc import Iterator

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from domain.policy import Policy
from domain.values import UNDATED_AT_US
from infrastructure.database.engine import (
    create_sqlite_file,
    make_engine,
    read_transaction,
    write_transaction,
)
from infrastructure.database.migrations import SCRIPTS, check_schema, migrate
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.rebuilding.rebuild import Plan, projection_names, rebuild
from infrastructure.querying.reader import Reader
from projections.bookmark import RebuildDue

RECORDED_US = 1_780_000_000_000_000
DAY_US = 24 * 3600 * 1_000_000
FEBRUARY_US = 31 * DAY_US

AT_OF: dict[str, tuple[str, int, int]] = {
    "a watch at the first instant of 1970 is undated": ("item_watched.v1", 0, UNDATED_AT_US),
    "an unwatch then is as of its recording": ("item_unwatched.v1", 0, RECORDED_US),
    "a clock that was never set says nothing": ("item_watched.v1", 4 * DAY_US, RECORDED_US),
    "a clock that shows February was set": ("item_watched.v1", FEBRUARY_US, FEBRUARY_US),
}
"""For an event's topic, the time that it was kept under before, and after."""


@pytest.fixture
def older(empty_database_url: str) -> Iterator[Engine]:
    """A database as the first revision left it, with an event for each of `AT_OF`."""
    engine = make_engine(empty_database_url)
    create_sqlite_file(engine)
    with write_transaction(engine) as connection:
        _migrate_to_the_first(connection)
        _register(connection)
        for number, (topic, at_us, _) in enumerate(AT_OF.values(), start=2):
            _record(connection, number, topic, at_us)
        _project(connection, len(AT_OF) + 1)
    yield engine
    engine.dispose()


def _migrate_to_the_first(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")


def _register(connection: Connection) -> None:
    _insert(connection, 1, "device_user_registered.v1", {"user": "ann", "device": "tv"}, None)


def _record(connection: Connection, position: int, topic: str, at_us: int) -> None:
    _insert(connection, position, topic, {"item": f"movie:m{position}"}, at_us)


def _insert(
    connection: Connection, position: int, topic: str, facts: dict[str, str], at_us: int | None
) -> None:
    is_activity = at_us is not None
    connection.execute(
        text(
            "INSERT INTO ledger_event VALUES (:position, 'cduid:tv', :position, :topic, :state,"
            " :recorded, :at_us, 0, :submission, 'ann', :item, :salt, :salt)"
        ),
        {
            "position": position,
            "topic": topic,
            "state": json.dumps(facts | _occurred(at_us)).encode(),
            "recorded": RECORDED_US,
            "at_us": at_us if is_activity else RECORDED_US,
            "submission": f"{position:032x}" if is_activity else None,
            "item": facts.get("item"),
            "salt": bytes(32),
        },
    )
    connection.execute(
        text("UPDATE ledger_head SET position = :position, recorded_at_us = :recorded"),
        {"position": position, "recorded": RECORDED_US},
    )


def _occurred(at_us: int | None) -> dict[str, str]:
    days = None if at_us is None else at_us // DAY_US
    if days is None:
        return {}
    month, day = divmod(days, 31)
    return {"occurred_at": f"1970-{month + 1:02}-{day + 1:02}T00:00:00Z"}


def _project(connection: Connection, position: int) -> None:
    """The read models as that version left them, as far as the next one looks at them."""
    connection.execute(
        text(
            "CREATE TABLE bookmark (name TEXT PRIMARY KEY, position BIGINT NOT NULL,"
            " settings_position BIGINT NOT NULL, progress_low FLOAT NOT NULL,"
            " progress_high FLOAT NOT NULL, generation BIGINT NOT NULL, worker TEXT)"
        )
    )
    values = {"position": position}
    connection.execute(
        text("INSERT INTO bookmark VALUES ('live', :position, 1, 0.05, 0.9, 0, NULL)"), values
    )
    connection.execute(text("CREATE TABLE watched_tally (watch_group TEXT, item TEXT)"))
    connection.execute(text("CREATE TABLE progress (cduid TEXT, item TEXT)"))


def test_times_that_no_clock_gave_are_mended(older: Engine) -> None:
    migrate(older)
    check_schema(older)
    with read_transaction(older) as connection:
        found = connection.execute(
            text("SELECT at_us FROM ledger_event WHERE position > 1 ORDER BY position")
        )
        assert list(found.scalars()) == [after for _, _, after in AT_OF.values()]


def test_nothing_is_projected_or_answered_until_a_rebuild(older: Engine) -> None:
    migrate(older)
    with pytest.raises(RebuildDue, match="watchledger rebuild"):
        Projector(older, Policy(), page_size=100).catch_up()
    with pytest.raises(RebuildDue, match="revision 1 of the rules"), Reader(older).snapshot():
        pass
    rebuild(older, Plan(projection_names([]), Policy()))
    with Reader(older).snapshot() as snapshot:
        viewer = snapshot.viewer("tv")
        assert snapshot.position == len(AT_OF) + 1
        assert viewer.is_watched("movie:m2")
        assert viewer.played("movie:m2") == (1, None), "nobody knows when"


def test_migrating_twice_is_migrating_once(older: Engine) -> None:
    migrate(older)
    migrate(older)
    check_schema(older)
