"""What was said last before a progress is known, whoever said it, and asked for once (rule 32)."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from domain.events import (
    ActivityRetracted,
    ItemUnwatched,
    ItemWatched,
    ProgressReported,
    device_user_stream,
)
from domain.thinning import Tick
from infrastructure.database.engine import make_engine, write_transaction
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.entries import Append, Entry, Outcome, Repeatable
from infrastructure.ledger.statements import PostgresqlStatements, SqliteStatements
from projections.driver import driver_of
from tests.helpers.samples import append, statuses, watched

ABOUT = {
    "movie:a": ("movie:a", "movie:a4k", "movie_shelf:m"),
    "movie:b": ("movie:b", "movie_shelf:m"),
}


def is_same_second(event: ProgressReported, _recorded_at_us: int, _: int, before: Tick) -> bool:
    return event.played_seconds == before.event.played_seconds


def progress(
    seconds: float, item: str = "movie:a", cduid: str = "tv", submission_id: UUID | None = None
) -> Entry:
    event = ProgressReported(item=item, played_seconds=seconds)
    repeatable = Repeatable(ABOUT[item], is_same_second)
    name = submission_id or uuid4()
    return Entry(device_user_stream(cduid), event, name, "ann", repeatable=repeatable)


def said(item: str, cduid: str = "tv") -> Entry:
    return Entry(device_user_stream(cduid), ItemUnwatched(item=item), uuid4(), "ann")


def taken_back(entry: Entry) -> Entry:
    assert entry.submission_id is not None
    event = ActivityRetracted(retracts=entry.submission_id)
    return Entry(entry.stream, event, uuid4(), "ann")


@pytest.fixture
def other(database_url: str) -> Iterator[Ledger]:
    """As another process has it: the same database, nothing in common else."""
    engine = make_engine(database_url)
    yield Ledger(engine)
    engine.dispose()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many keys and streams were asked for, each time that the ledger was."""
    counts: list[int] = []
    for statements in (SqliteStatements, PostgresqlStatements):
        last_said = statements.last_said

        def counted(self, driver, keys, streams, last_said=last_said):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            counts.append(len(keys) + len(streams))
            return last_said(self, driver, keys, streams)

        monkeypatch.setattr(statements, "last_said", counted)
    return counts


def told(ledger: Ledger, *entries: Entry) -> list[str]:
    [answer] = ledger.append([append(*entries)])
    return statuses(answer)


def test_what_repeats_the_one_before_it_is_not_recorded(ledger: Ledger) -> None:
    assert told(ledger, watched("tv"), progress(5)) == ["recorded", "recorded"]
    [answer] = ledger.append([append(progress(5), progress(6), progress(6), progress(5))])
    assert answer.outcomes == (
        Outcome("unchanged", 2, 2),
        Outcome("recorded", 3, 3),
        Outcome("unchanged", 3, 3),
        Outcome("recorded", 4, 4),
    )
    [answer] = ledger.append([append(progress(5))])
    assert (answer.outcomes, answer.position) == ((Outcome("unchanged", 4, 4),), 4)
    assert ledger.head().position == 4


def test_a_submission_again_is_a_duplicate_and_not_a_repetition(
    ledger: Ledger, other: Ledger
) -> None:
    first, second = progress(5), progress(6)
    told(ledger, first)
    told(ledger, second)
    for writer in (ledger, other):
        assert told(writer, first, second) == ["duplicate", "duplicate"]
        assert told(writer, progress(6), first) == ["unchanged", "duplicate"]
        assert told(writer, progress(6), first, watched("tv", "movie:c")) == [
            "unchanged",
            "duplicate",
            "recorded",
        ]


@pytest.mark.parametrize("item", ["movie:a", "movie:a4k", "movie_shelf:m"])
@pytest.mark.parametrize("is_others", [False, True], ids=["itself", "another"])
def test_what_was_said_about_the_item_since_makes_it_news(
    ledger: Ledger, other: Ledger, item: str, *, is_others: bool
) -> None:
    told(ledger, progress(5))
    assert told(ledger, progress(5)) == ["unchanged"]
    assert told(other if is_others else ledger, said(item)) == ["recorded"]
    assert told(ledger, progress(5)) == ["recorded"]
    assert told(ledger, said(item), progress(5), progress(5)) == [
        "recorded",
        "recorded",
        "unchanged",
    ]


@pytest.mark.parametrize("is_others", [False, True], ids=["itself", "another"])
def test_what_was_said_of_others_does_not(
    ledger: Ledger, other: Ledger, *, is_others: bool
) -> None:
    told(ledger, progress(5))
    writer = other if is_others else ledger
    told(writer, said("movie:b"), said("movie:a", "phone"), said("movie_shelf:uhd"))
    assert told(ledger, progress(5)) == ["unchanged"]
    told(writer, progress(7, cduid="phone"), progress(8, "movie:b"))
    assert told(ledger, progress(5)) == ["unchanged"]


@pytest.mark.parametrize("is_others", [False, True], ids=["itself", "another"])
def test_what_was_taken_back_is_not_repeated(
    ledger: Ledger, other: Ledger, *, is_others: bool
) -> None:
    first = progress(5)
    told(ledger, first)
    told(ledger, progress(5))
    told(other if is_others else ledger, taken_back(first))
    assert told(ledger, progress(5)) == ["recorded"]
    second = progress(6)
    assert told(ledger, second, taken_back(second), progress(6)) == ["recorded"] * 3


def test_what_was_taken_back_before_it_came_is_not_repeated(ledger: Ledger, other: Ledger) -> None:
    for seconds, writer in enumerate((ledger, other)):
        first = progress(seconds)
        assert told(writer, taken_back(first), first) == ["recorded", "recorded"]
        assert told(writer, progress(seconds)) == ["recorded"]
        assert told(writer, progress(seconds)) == ["unchanged"]
        second = progress(seconds + 10)
        told(ledger, taken_back(second))
        told(writer, second)
        assert told(writer, progress(seconds + 10)) == ["recorded"]


def test_writers_that_take_turns_repeat_each_other(ledger: Ledger, other: Ledger) -> None:
    for seconds, writer in enumerate((ledger, other, ledger, ledger, other, other, ledger)):
        assert told(writer, progress(seconds)) == ["recorded"]
        for again in (other, ledger):
            assert told(again, progress(seconds)) == ["unchanged"]


def test_the_ledger_is_asked_once_for_what_one_process_says(
    ledger: Ledger, asked: list[int]
) -> None:
    told(ledger, said("movie:b"))
    told(ledger, progress(1))
    assert asked == [len(ABOUT["movie:a"]) + 1]
    for seconds in range(2, 9):
        told(ledger, progress(seconds))
        told(ledger, progress(seconds))
    assert len(asked) == 1
    told(ledger, progress(3, "movie:b"))
    assert asked == [4, 1]  # of the shelf it is known already


def test_what_another_process_said_is_asked_for(
    ledger: Ledger, other: Ledger, asked: list[int]
) -> None:
    told(ledger, progress(1))
    assert asked == []  # there was no such stream
    told(other, said("movie:b"))
    told(ledger, progress(1), progress(1, cduid="phone"))
    assert asked == [4]


def test_it_is_sought_stream_by_stream(ledger: Ledger, engine: Engine) -> None:
    for number in range(20):
        entries = [said("movie:b", f"tv{number}") for _ in range(200)]
        told(ledger, *entries, *map(taken_back, entries[:20]))
    statements = SqliteStatements if engine.dialect.name == "sqlite" else PostgresqlStatements
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    asked = '[["cduid:tv3", "movie:b"]]', '["cduid:tv3"]'
    with write_transaction(engine) as connection:
        connection.execute(text("ANALYZE"))
        driver = driver_of(connection)
        plan = driver.execute(f"{explain} {statements._LAST_SAID}", asked).fetchall()
    seeks = [row[-1] for row in plan if "Index Cond" in row[-1] or "SEARCH ledger_event" in row[-1]]
    assert len(seeks) >= 2
    assert [seek for seek in seeks if "originator_id" not in seek] == []


def test_those_together_are_recorded_if_it_is_news_to_one(ledger: Ledger) -> None:
    told(ledger, progress(5))
    both = [progress(5), progress(5, cduid="bob")]
    [answer] = ledger.append([Append(both, together=[range(2)])])
    assert statuses(answer) == ["recorded", "recorded"]
    both = [progress(5), progress(5, cduid="bob")]
    [answer] = ledger.append([Append(both, together=[range(2)])])
    assert statuses(answer) == ["unchanged", "unchanged"]


def test_a_watch_is_never_left_out(ledger: Ledger) -> None:
    event = ItemWatched(item="movie:a")
    for _ in range(2):
        assert told(ledger, Entry("cduid:tv", event, uuid4(), "ann")) == ["recorded"]
