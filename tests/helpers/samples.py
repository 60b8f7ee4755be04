"""Entries and appends that several tests of the ledger build upon."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from domain.events import (
    CATALOG_STREAM,
    IsolationMode,
    IsolationModeChanged,
    ItemPlaced,
    ItemWatched,
    device_user_stream,
)
from infrastructure.ledger.entries import Answer, Append, Entry

EVENING = datetime(2026, 3, 1, 20, 15, tzinfo=UTC)


def watched(
    cduid: str = "ann-tv",
    item: str = "movie:heat",
    *,
    submission_id: UUID | None = None,
    occurred_at: datetime | None = None,
) -> Entry:
    """A watch of ann's, new unless a submission id is given."""
    event = ItemWatched(item=item, occurred_at=occurred_at)
    return Entry(device_user_stream(cduid), event, submission_id or uuid4(), "ann")


def placed(item: str = "movie_shelf:films", parent: str | None = None) -> Entry:
    return Entry(CATALOG_STREAM, ItemPlaced(item=item, parent=parent))


def muted(cduid: str = "ann-tv") -> Entry:
    event = IsolationModeChanged(isolation_mode=IsolationMode.SILO)
    return Entry(device_user_stream(cduid), event, None, "ann")


def append(*entries: Entry, **expected_versions: int) -> Append:
    return Append(entries, expected_versions)


def statuses(answer: Answer) -> list[str]:
    return [outcome.status for outcome in answer.outcomes]
