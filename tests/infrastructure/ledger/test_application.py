"""The ledger as the library's application: its event store works with our events."""

import pytest
from eventsourcing.persistence import IntegrityError, NotSupportedError

from domain.events import ItemPlaced, ItemWatched
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.mapper import StreamEvent
from tests.helpers.samples import EVENING, append, placed, watched

HEAT = ItemWatched(item="movie:heat", occurred_at=EVENING)


def test_what_the_event_store_puts_it_gets_back(ledger: Ledger) -> None:
    events = [StreamEvent("cduid:ann-tv", 1, HEAT), StreamEvent("cduid:ann-tv", 2, HEAT)]
    recordings = ledger.events.put(events)
    assert [recording.notification.id for recording in recordings] == [1, 2]
    assert list(ledger.events.get("cduid:ann-tv")) == events
    assert list(ledger.events.get("cduid:ann-tv", gt=1)) == events[1:]


def test_the_event_store_and_append_share_one_ledger(ledger: Ledger) -> None:
    ledger.append([append(watched("ann-tv"))])
    shelf = ItemPlaced(item="movie_shelf:films")
    ledger.events.put([StreamEvent("catalog", 1, shelf), StreamEvent("cduid:ann-tv", 2, HEAT)])
    ledger.append([append(placed("movie_shelf:b"), watched("ann-tv"))])
    assert [(e.position, e.stream, e.version, e.catalog_version) for e in ledger.read(0, 9)] == [
        (1, "cduid:ann-tv", 1, 0),
        (2, "catalog", 1, 1),
        (3, "cduid:ann-tv", 2, 1),
        (4, "catalog", 2, 2),
        (5, "cduid:ann-tv", 3, 2),
    ]


def test_the_event_store_refuses_a_version_that_is_taken(ledger: Ledger) -> None:
    ledger.append([append(watched("ann-tv"))])
    with pytest.raises(IntegrityError):
        ledger.events.put([StreamEvent("cduid:ann-tv", 1, HEAT)])
    assert ledger.head().position == 1


def test_a_subscription_yields_what_is_appended(ledger: Ledger) -> None:
    ledger.append([append(watched(), watched())])
    with ledger.recorder.subscribe(gt=1) as subscription:
        assert next(subscription).id == 2
        ledger.append([append(watched())])
        assert next(subscription).id == 3


def test_there_are_no_snapshots_and_no_tracking_of_the_librarys(ledger: Ledger) -> None:
    with pytest.raises(NotSupportedError):
        ledger.factory.tracking_recorder()
    with pytest.raises(NotSupportedError):
        ledger.factory.aggregate_recorder(purpose="snapshots")
