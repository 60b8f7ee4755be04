"""Reading the ledger in pages, its settings alone, and by time."""

import pytest
from sqlalchemy import Engine, text

from infrastructure.database.engine import read_transaction, write_transaction
from infrastructure.ledger import reader
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.mapper import UPCASTS, UnreadableEvent
from tests.helpers.samples import append, muted, placed, watched
from tests.infrastructure.ledger.conftest import Clock


def test_pages_follow_each_other_without_gap_or_repeat(ledger: Ledger) -> None:
    ledger.append([append(*(watched() for _ in range(7)))])
    pages = [ledger.read(after, 3) for after in (0, 3, 6, 7)]
    assert [[event.position for event in page] for page in pages] == [
        [1, 2, 3],
        [4, 5, 6],
        [7],
        [],
    ]


def test_settings_are_all_but_activity(ledger: Ledger, engine: Engine) -> None:
    ledger.append([append(placed(), watched(), muted(), watched(), placed("movie_shelf:b"))])
    with read_transaction(engine) as connection:
        every = reader.read_settings(connection, after=0, upto=5)
        some = reader.read_settings(connection, after=1, upto=4)
    assert [event.position for event in every] == [1, 3, 5]
    assert [event.position for event in some] == [3]


def test_settings_are_read_from_their_own_index(ledger: Ledger, engine: Engine) -> None:
    for _ in range(10):
        ledger.append([append(*(watched() for _ in range(500)), placed(f"movie_shelf:{_}"))])
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with write_transaction(engine) as connection:
        connection.execute(text("ANALYZE"))
        query = reader.settings_query(after=0, upto=5_000).compile(
            engine, compile_kwargs={"literal_binds": True}
        )
        plan = connection.exec_driver_sql(f"{explain} {query}").all()
    assert "ledger_event_settings" in str(plan)


def test_a_time_finds_the_last_position_recorded_up_to_it(
    ledger: Ledger, engine: Engine, clock: Clock
) -> None:
    start_us = clock.now_us
    for step_us in (10, 20, 20, 30):
        clock.now_us = start_us + step_us
        ledger.append([append(watched())])
    with read_transaction(engine) as connection:
        found = [
            reader.position_at(connection, start_us + step_us)
            for step_us in (9, 10, 19, 20, 29, 30, 99)
        ]
    assert found == [0, 1, 1, 3, 3, 4, 4]


def test_an_empty_ledger_has_no_position_at_any_time(engine: Engine) -> None:
    with read_transaction(engine) as connection:
        assert reader.position_at(connection, 2**60) == 0


def test_an_unreadable_event_stops_the_reader_and_is_named(ledger: Ledger, engine: Engine) -> None:
    ledger.append([append(watched("a"), watched("b"), watched("b"))])
    with write_transaction(engine) as connection:
        connection.execute(text("UPDATE ledger_event SET state = '{}' WHERE position = 3"))
    assert len(ledger.read(0, 2)) == 2
    with pytest.raises(UnreadableEvent, match=r"position 3 \(cduid:b, version 2\).*item: Field"):
        ledger.read(0, 10)


def test_a_page_may_hold_events_of_older_shapes(
    ledger: Ledger, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.append([append(watched(), watched(), muted())])
    before = ledger.read(0, 10)
    with write_transaction(engine) as connection:
        connection.execute(text("UPDATE ledger_event SET topic = 'old.v0' WHERE position = 2"))
    monkeypatch.setitem(UPCASTS, "old.v0", lambda facts: ("item_watched.v1", facts))
    assert ledger.read(0, 10) == before
