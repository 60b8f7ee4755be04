"""Whatever is asked of the history is answered by an index, on a ledger of some size."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from domain.directory import Directory
from domain.events import device_user_stream, user_stream
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.reader import head, read_settings
from infrastructure.querying.history import Question, history
from tests.benchmarks.filling import fill
from tests.benchmarks.mix import Mix

EVENTS = 200_000
WATCHED, UNWATCHED, MOVED = "item_watched.v1", "item_unwatched.v1", "item_moved.v1"
MINUTE_US = 60_000_000


def questions(mix: Mix, upto: int, at_us: int) -> dict[str, dict[str, Any]]:
    """What can be asked, alone and together, of what there is much, little or nothing."""
    device = mix.devices[5]
    cduid, user = (device.cduid,), device.user
    group = tuple(each.cduid for each in mix.devices if each.user == user)
    streams = (user_stream(user), *map(device_user_stream, group))
    minute = {"since_us": at_us, "until_us": at_us + MINUTE_US}
    return {
        "nothing": {},
        "cduid": {"cduids": cduid},
        "group": {"cduids": group},
        "user": {"streams": streams},
        "type": {"topics": (UNWATCHED,)},
        "types": {"topics": (WATCHED, UNWATCHED, MOVED)},
        "no such type": {"topics": (MOVED,)},
        "cduid and type": {"cduids": cduid, "topics": (UNWATCHED,)},
        "user and type": {"streams": streams, "topics": (UNWATCHED,)},
        "item": {"item": "episode:7"},
        "item and type": {"item": "episode:7", "topics": (UNWATCHED,)},
        "item and cduid": {"item": "episode:7", "cduids": cduid},
        "no such item": {"item": "movie:none"},
        "under a season": {"under": "season:3"},
        "under a shelf": {"under": "show_shelf:tv"},
        "under a shelf, and type": {"under": "show_shelf:tv", "topics": (UNWATCHED,)},
        "under a show, and cduid": {"under": "show:3", "cduids": cduid},
        "a minute": minute,
        "a minute, and type": {**minute, "topics": (UNWATCHED,)},
        "a minute, and cduid": {**minute, "cduids": cduid},
        "the last positions": {"from_position": upto - 100},
        "half of the positions": {"from_position": upto // 2},
        "the last positions, and cduid": {"from_position": upto - 100, "cduids": cduid},
    }


@contextmanager
def explained(engine: Engine) -> Iterator[list[str]]:
    """The plans of the statements on the ledger, a step a line."""
    steps: list[str] = []
    is_sqlite = engine.dialect.name == "sqlite"
    verb, column = ("EXPLAIN QUERY PLAN", 3) if is_sqlite else ("EXPLAIN (COSTS OFF)", 0)

    def explain(connection: Any, _: Any, statement: str, params: Any, *__: Any) -> None:
        if "ledger_event" in statement:
            cursor = connection.connection.cursor()
            cursor.execute(f"{verb} {statement}", params)
            steps.extend(row[column] for row in cursor.fetchall())
            cursor.close()

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield steps
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def is_whole_scan(step: str) -> bool:
    """Whether a step of a plan reads all of the ledger's rows, as they come."""
    return "Seq Scan on ledger_event" in step or step == "SCAN ledger_event"


def check_plan(connection: Connection, directory: Directory, question: Question) -> None:
    with explained(connection.engine) as steps:
        history(connection, directory.catalog, question, 100)
    assert steps
    assert not [step for step in steps if is_whole_scan(step)], steps


@pytest.mark.long
def test_every_filter_is_answered_by_an_index(engine: Engine) -> None:
    mix, directory = Mix(), Directory()
    fill(engine, chain(mix.settings, islice(mix.activity(), EVENTS)))
    with read_transaction(engine) as connection:
        upto = head(connection).position
        for recorded in read_settings(connection, 0, upto):
            directory.evolve(recorded)
        middle = history(
            connection, directory.catalog, Question(upto, cduids=(mix.devices[5].cduid,)), 1
        )
        for asked in questions(mix, upto, middle[0].at_us).values():
            for is_newest_first in (True, False):
                question = Question(upto, is_newest_first=is_newest_first, **asked)
                check_plan(connection, directory, question)
