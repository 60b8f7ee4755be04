"""What the ledger records, in which order, and what it refuses (rules 1 to 3)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from domain.instants import from_us, to_us
from infrastructure.database.engine import make_engine, write_transaction
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.entries import Answer, Outcome
from infrastructure.ledger.mapper import UnreadableEvent
from tests.helpers.samples import (
    EVENING,
    append,
    muted,
    placed,
    statuses,
    watched,
)
from tests.infrastructure.ledger.conftest import Clock


def test_events_are_numbered_in_the_ledger_and_in_their_streams(ledger: Ledger) -> None:
    [answer] = ledger.append([append(watched("a"), watched("b"), watched("a"))])
    assert answer.outcomes == (
        Outcome("recorded", position=1, version=1),
        Outcome("recorded", position=2, version=1),
        Outcome("recorded", position=3, version=2),
    )
    [answer] = ledger.append([append(watched("b"))])
    assert answer == Answer((Outcome("recorded", 4, 2),), is_stale=False, position=4)


def test_what_was_appended_is_read_back_in_its_envelope(ledger: Ledger, clock: Clock) -> None:
    entry = watched(occurred_at=EVENING)
    ledger.append([append(placed(), entry)])
    shelf, watch = ledger.read(after=0, limit=10)
    assert shelf.event == placed().event
    assert (shelf.stream, shelf.submission_id, shelf.user, shelf.cduid) == (
        "catalog",
        None,
        None,
        None,
    )
    assert watch == (
        *(2, "cduid:ann-tv", 1, clock.now_us, to_us(EVENING), 1),
        *(entry.submission_id, "ann", entry.event),
    )


def test_nothing_to_append_records_nothing(ledger: Ledger) -> None:
    assert ledger.append([]) == []
    assert ledger.append([append()]) == [Answer((), is_stale=False, position=0)]
    assert ledger.head() == (0, 0, 0)


def test_the_same_submission_again_is_a_duplicate_of_the_first(ledger: Ledger) -> None:
    entry = watched(occurred_at=EVENING)
    ledger.append([append(watched(), entry)])
    [answer] = ledger.append([append(entry)])
    assert answer.outcomes == (Outcome("duplicate", position=2, version=2),)
    assert ledger.head().position == 2


def test_the_same_instant_in_another_zone_is_the_same_content(ledger: Ledger) -> None:
    first, again = uuid4(), EVENING.astimezone(tz=None)
    ledger.append([append(watched(submission_id=first, occurred_at=EVENING))])
    [answer] = ledger.append([append(watched(submission_id=first, occurred_at=again))])
    assert statuses(answer) == ["duplicate"]


def test_a_submission_id_with_other_content_is_a_conflict(ledger: Ledger) -> None:
    first = uuid4()
    ledger.append([append(watched(item="movie:heat", submission_id=first))])
    [answer] = ledger.append([append(watched(item="movie:ran", submission_id=first))])
    assert answer.outcomes == (Outcome("conflict", position=1, version=1),)


def test_an_absent_time_and_a_given_one_are_other_content(ledger: Ledger) -> None:
    first = uuid4()
    ledger.append([append(watched(submission_id=first))])
    [answer] = ledger.append([append(watched(submission_id=first, occurred_at=EVENING))])
    assert statuses(answer) == ["conflict"]


def test_a_submission_id_is_the_players_own(ledger: Ledger) -> None:
    shared = uuid4()
    [answer] = ledger.append(
        [append(watched("a", submission_id=shared), watched("b", submission_id=shared))]
    )
    assert statuses(answer) == ["recorded", "recorded"]


def test_a_submission_is_deduplicated_within_a_batch(ledger: Ledger) -> None:
    entry = watched()
    other = watched(item="movie:ran", submission_id=entry.submission_id)
    first, second = ledger.append([append(entry, entry), append(other, watched(), entry)])
    assert statuses(first) == ["recorded", "duplicate"]
    assert statuses(second) == ["conflict", "recorded", "duplicate"]
    assert [event.position for event in ledger.read(0, 10)] == [1, 2]


def test_another_connection_sees_the_duplicate(ledger: Ledger, database_url: str) -> None:
    entry = watched()
    ledger.append([append(entry)])
    other = make_engine(database_url)
    [answer] = Ledger(other).append([append(entry)])
    assert statuses(answer) == ["duplicate"]
    other.dispose()


def test_a_stale_append_records_nothing_and_holds_back_no_other(ledger: Ledger) -> None:
    ledger.append([append(placed())])
    stale, fresh = ledger.append(
        [append(placed("movie_shelf:b"), watched(), catalog=0), append(watched(), catalog=1)]
    )
    assert stale == Answer((), is_stale=True, position=1)
    assert not fresh.is_stale
    assert ledger.head().position == 2


def test_an_expectation_counts_what_the_batch_itself_records(ledger: Ledger) -> None:
    first, second = ledger.append(
        [append(placed(), catalog=0), append(placed("movie_shelf:b"), catalog=0)]
    )
    assert (first.is_stale, second.is_stale) == (False, True)


def test_events_record_the_catalog_version_that_they_found(ledger: Ledger) -> None:
    ledger.append([append(watched(), placed(), watched()), append(muted())])
    ledger.append([append(placed("movie_shelf:b")), append(muted())])
    assert [event.catalog_version for event in ledger.read(0, 10)] == [0, 1, 1, 1, 2, 2]
    assert ledger.head().catalog_version == 2


def test_the_recorded_time_never_decreases_when_the_clock_goes_back(
    ledger: Ledger, clock: Clock
) -> None:
    start_us = clock.now_us
    for step_us in (0, -5_000_000, 3, 2):
        clock.now_us = start_us + step_us
        ledger.append([append(watched())])
    recorded = [event.recorded_at_us - start_us for event in ledger.read(0, 10)]
    assert recorded == [0, 0, 3, 3]


def test_a_clock_that_runs_ahead_counts_as_now_and_a_late_event_as_then(
    ledger: Ledger, clock: Clock
) -> None:
    now = from_us(clock.now_us)
    ahead, late = now + timedelta(hours=1), now - timedelta(days=2)
    ledger.append([append(watched(occurred_at=ahead), watched(occurred_at=late), watched())])
    assert [event.at_us for event in ledger.read(0, 10)] == [
        clock.now_us,
        to_us(late),
        clock.now_us,
    ]


def test_a_failed_append_leaves_the_ledger_as_it_was(ledger: Ledger, engine: Engine) -> None:
    entry = watched()
    ledger.append([append(entry)])
    with write_transaction(engine) as connection:
        connection.execute(text("UPDATE ledger_event SET topic = 'item_watched.v1', state = '{'"))
    again = entry._replace(event=watched(item="movie:ran").event)
    with pytest.raises(ValueError, match="JSON") as raised:
        ledger.append([append(watched(), again)])
    assert not isinstance(raised.value, UnreadableEvent)
    assert ledger.head().position == 1
