"""Many writers at once, in threads and in processes, lose nothing and number everything once."""

import multiprocessing
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from uuid import UUID

import pytest

from domain.events import Recorded
from infrastructure.database.engine import make_engine
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.entries import Entry
from tests.helpers.samples import append, watched

WRITERS = 8


def _entries(writer: int, count: int) -> list[Entry]:
    return [watched("ann-tv", submission_id=UUID(int=writer * 1_000 + n)) for n in range(count)]


def _append_each(database_url: str, writer: int, count: int) -> list[str]:
    engine = make_engine(database_url, synchronous="OFF")
    ledger = Ledger(engine)
    answers = [ledger.append([append(entry)])[0] for entry in _entries(writer, count)]
    engine.dispose()
    return [outcome.status for answer in answers for outcome in answer.outcomes]


def _run(executor: Executor, database_url: str, writers: list[int], count: int) -> list[str]:
    with executor:
        done = [executor.submit(_append_each, database_url, w, count) for w in writers]
        return [status for future in done for status in future.result()]


def _assert_numbered_without_gap(events: list[Recorded], count: int) -> None:
    numbers = list(range(1, count + 1))
    assert [event.position for event in events] == numbers
    assert [event.version for event in events] == numbers
    times = [event.recorded_at_us for event in events]
    assert times == sorted(times)


def test_threads_that_append_to_one_device_leave_no_gap(ledger: Ledger, database_url: str) -> None:
    statuses = _run(ThreadPoolExecutor(WRITERS), database_url, list(range(WRITERS)), 25)
    assert statuses == ["recorded"] * WRITERS * 25
    _assert_numbered_without_gap(ledger.read(0, 1_000), WRITERS * 25)


def test_the_same_submissions_from_all_sides_are_recorded_once(
    ledger: Ledger, database_url: str
) -> None:
    statuses = _run(ThreadPoolExecutor(WRITERS), database_url, [1] * WRITERS, 15)
    assert statuses.count("recorded") == 15
    assert statuses.count("duplicate") == 15 * (WRITERS - 1)
    _assert_numbered_without_gap(ledger.read(0, 1_000), 15)


@pytest.mark.long
def test_processes_that_append_to_one_device_leave_no_gap(
    ledger: Ledger, database_url: str
) -> None:
    processes = ProcessPoolExecutor(WRITERS, multiprocessing.get_context("spawn"))
    statuses = _run(processes, database_url, list(range(WRITERS)), 100)
    assert statuses == ["recorded"] * WRITERS * 100
    _assert_numbered_without_gap(ledger.read(0, 1_000), WRITERS * 100)
