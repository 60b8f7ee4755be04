"""The gathering writer answers everyone, whatever happens to the others."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from infrastructure.database.engine import write_transaction
from infrastructure.database.problems import DatabaseProblem
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.entries import Answer, Append, Entry
from infrastructure.ledger.writer import Writer, WriterBusy, WriterClosed
from tests.helpers.samples import append, statuses, watched

SECONDS = 20


class Gate:
    """Lets the writer's transactions through once it is opened, and counts them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.opened = Event()
        self.reached = Event()
        self.sizes: list[int] = []

    def __call__(self, appends: Sequence[Append]) -> list[Answer]:
        self.reached.set()
        assert self.opened.wait(SECONDS)
        self.sizes.append(sum(len(one.entries) for one in appends))
        return self._ledger.append(appends)


@pytest.fixture
def gate(ledger: Ledger) -> Gate:
    return Gate(ledger)


def test_whoever_waits_is_recorded_together_up_to_a_bound(gate: Gate) -> None:
    writer = Writer(gate, events_at_once=4)
    first = writer.submit(append(watched()))
    assert gate.reached.wait(SECONDS)
    rest = [writer.submit(append(watched(), watched())) for _ in range(3)]
    large = writer.submit(append(*(watched() for _ in range(9))))
    gate.opened.set()
    assert [future.result(SECONDS).position for future in (first, *rest, large)] == [
        1,
        3,
        5,
        7,
        16,
    ]
    assert gate.sizes == [1, 4, 2, 9]
    writer.close()


def test_many_clients_at_once_are_each_answered_with_their_own(ledger: Ledger) -> None:
    writer = Writer(ledger.append)
    entries = [watched(submission_id=UUID(int=n)) for n in range(300)]
    with ThreadPoolExecutor(16) as clients:
        answers = list(clients.map(lambda e: writer.submit(append(e)).result(SECONDS), entries))
    writer.close()
    events = {event.position: event for event in ledger.read(0, 1_000)}
    assert len(events) == 300
    for entry, answer in zip(entries, answers, strict=True):
        assert events[answer.outcomes[0].position].submission_id == entry.submission_id


def test_a_bad_append_hurts_nobody_else(gate: Gate, ledger: Ledger) -> None:
    writer = Writer(gate)
    first = writer.submit(append(watched()))
    assert gate.reached.wait(SECONDS)
    good = writer.submit(append(watched()))
    bad = writer.submit(append(Entry("cduid:a", "no event at all")))  # type: ignore[arg-type]
    late = writer.submit(append(watched()))
    gate.opened.set()
    with pytest.raises(AttributeError):
        bad.result(SECONDS)
    assert [statuses(future.result(SECONDS)) for future in (first, good, late)] == [
        ["recorded"]
    ] * 3
    writer.close()
    assert ledger.head().position == 3


def test_a_database_that_fails_is_told_to_everyone(
    gate: Gate, ledger: Ledger, engine: Engine
) -> None:
    with write_transaction(engine) as connection:
        connection.execute(text("ALTER TABLE ledger_event RENAME TO elsewhere"))
    writer = Writer(gate)
    waiting = [writer.submit(append(watched())) for _ in range(3)]
    gate.opened.set()
    for future in waiting:
        assert isinstance(future.exception(SECONDS), DatabaseProblem)
    with write_transaction(engine) as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO ledger_event"))
    assert writer.submit(append(watched())).result(SECONDS).position == 1
    writer.close()
    assert ledger.head().position == 1


def test_what_is_cancelled_while_it_waits_is_not_recorded(gate: Gate, ledger: Ledger) -> None:
    writer = Writer(gate)
    writer.submit(append(watched()))
    assert gate.reached.wait(SECONDS)
    assert writer.submit(append(watched())).cancel()
    gate.opened.set()
    writer.close()
    assert ledger.head().position == 1


def test_the_queue_is_bounded(gate: Gate) -> None:
    writer = Writer(gate, events_waiting=2)
    writer.submit(append(watched()))
    assert gate.reached.wait(SECONDS)
    writer.submit(append(watched(), watched()))
    with pytest.raises(WriterBusy):
        writer.submit(append(watched()))
    gate.opened.set()
    writer.close()


def test_close_finishes_what_was_taken_and_takes_no_more(gate: Gate, ledger: Ledger) -> None:
    writer = Writer(gate, events_at_once=1)
    waiting = [writer.submit(append(watched())) for _ in range(5)]
    gate.opened.set()
    writer.close()
    assert all(future.done() for future in waiting)
    assert ledger.head().position == 5
    with pytest.raises(WriterClosed):
        writer.submit(append(watched()))


def test_the_projector_hears_each_position(ledger: Ledger) -> None:
    heard: list[int] = []
    writer = Writer(ledger.append, on_append=heard.append)
    for _ in range(3):
        writer.submit(append(watched())).result(SECONDS)
    writer.close()
    assert heard == [1, 2, 3]
