"""What a writer remembers of its streams never outlives what others write (rule 3)."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from infrastructure.database.engine import make_engine, read_transaction
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.entries import Answer, Head, Outcome, StreamHead
from infrastructure.ledger.stream_heads import Ends, StreamHeadCache
from infrastructure.operations.verifying.ledger import ledger_faults
from tests.helpers.samples import append, placed, statuses, watched

_MANY = 120


@pytest.fixture
def other(database_url: str) -> Iterator[Ledger]:
    """As another process has it: the same database, nothing in common else."""
    engine = make_engine(database_url)
    yield Ledger(engine)
    engine.dispose()


def _faults(ledger: Ledger) -> list[str]:
    with read_transaction(ledger.engine) as connection:
        return list(ledger_faults(connection))


def test_writers_that_take_turns_on_a_stream_go_on_from_each_other(
    ledger: Ledger, other: Ledger
) -> None:
    for writer in (ledger, ledger, other, ledger, other, other, ledger, ledger):
        writer.append([append(watched())])
    assert [event.version for event in ledger.read(0, 10)] == list(range(1, 9))
    assert _faults(ledger) == []


def test_a_stream_that_is_not_remembered_is_looked_up_beside_one_that_is(
    ledger: Ledger, other: Ledger
) -> None:
    other.append([append(watched("b"), watched("b"))])
    for _ in range(2):
        ledger.append([append(watched("a"))])
        [answer] = ledger.append([append(watched("a"), watched("b"), watched("new"))])
        assert statuses(answer) == ["recorded"] * 3
    assert [event.version for event in ledger.read(2, 10)] == [1, 2, 3, 1, 3, 4, 4, 2]
    assert _faults(ledger) == []


def test_a_submission_again_is_a_duplicate_for_who_remembers_its_stream(
    ledger: Ledger, other: Ledger
) -> None:
    entries = [watched() for _ in range(3)]
    for entry in entries:
        ledger.append([append(entry)])
    for writer in (ledger, other):
        answers = writer.append([append(entries[1]), append(watched(), entries[0])])
        assert list(map(statuses, answers)) == [["duplicate"], ["recorded", "duplicate"]]
    assert ledger.head().position == 5
    assert _faults(ledger) == []


def test_many_at_once_are_recorded_around_the_duplicates_among_them(ledger: Ledger) -> None:
    known = [watched() for _ in range(_MANY)]
    ledger.append([append(*known)])
    [answer] = ledger.append([append(*(watched() for _ in range(_MANY)), known[7], known[7])])
    assert statuses(answer) == ["recorded"] * _MANY + ["duplicate"] * 2
    assert answer.outcomes[-1] == Outcome("duplicate", position=8, version=8)
    assert ledger.head().position == 2 * _MANY
    assert _faults(ledger) == []


def test_many_at_once_go_on_from_what_another_wrote(ledger: Ledger, other: Ledger) -> None:
    for writer in (ledger, other, ledger, other):
        writer.append([append(*(watched() for _ in range(_MANY)))])
    assert ledger.head().position == 4 * _MANY
    assert _faults(ledger) == []


def test_an_expectation_is_held_against_the_ledger_and_not_against_memory(
    ledger: Ledger, other: Ledger
) -> None:
    ledger.append([append(placed())])
    other.append([append(placed("movie_shelf:b"))])
    [fresh] = ledger.append([append(placed("movie_shelf:c"), catalog=2)])
    assert fresh == Answer((Outcome("recorded", 3, 3),), is_stale=False, position=3)
    other.append([append(placed("movie_shelf:d"))])
    [stale] = ledger.append([append(placed("movie_shelf:e"), catalog=3)])
    assert stale == Answer((), is_stale=True, position=4)


def _end(version: int) -> StreamHead:
    return StreamHead(version, bytes([version]) * 32)


def test_streams_are_remembered_as_of_one_head_only() -> None:
    remembered, heads = StreamHeadCache(), [Head(position, 0, 0) for position in range(5)]
    remembered.learn(heads[0], heads[1], {"a": _end(1)})
    remembered.learn(heads[1], heads[2], {"b": _end(1)})
    assert remembered.ends(["a", "b"]) == Ends(heads[2], {"a": _end(1), "b": _end(1)})
    assert remembered.ends(["a", "c"]) == Ends(heads[2], {"a": _end(1)})
    remembered.learn(heads[3], heads[4], {"b": _end(2)})
    assert remembered.ends(["a", "b"]) == Ends(heads[4], {"b": _end(2)})


def test_no_more_streams_are_remembered_than_allowed() -> None:
    remembered, heads = (
        StreamHeadCache(streams_max=2),
        [Head(position, 0, 0) for position in range(9)],
    )
    for n, (seen, new) in enumerate(pairwise(heads)):
        remembered.learn(seen, new, {f"stream {n}": _end(1)})
        known = [n for n in range(9) if remembered.ends([f"stream {n}"]).streams]
        assert known[-1] == n
        assert len(known) <= 2
