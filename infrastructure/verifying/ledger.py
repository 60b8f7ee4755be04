"""Whether the ledger is whole: no gap, no repeat, every chain unbroken, every event readable."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, Row, RowMapping, func, select

from domain.events import ACTIVITY, CATALOG_STREAM, at_us
from infrastructure.ledger.digest import NO_DIGEST, event_digest
from infrastructure.ledger.mapper import decode
from infrastructure.ledger.reader import head
from infrastructure.ledger.schema import ledger_event

_event = ledger_event.c
_PAGE = 5_000
_TOPICS_WITH_ID = frozenset(event_class.topic for event_class in ACTIVITY)


@dataclass(slots=True)
class _Expected:
    """What the next row must go on from."""

    position: int = 0
    recorded_at_us: int = 0
    catalog_version: int = 0
    streams: dict[str, tuple[int, bytes]] = field(default_factory=dict)


def ledger_faults(
    connection: Connection, on_events: Callable[[int], None] = lambda _: None
) -> Iterator[str]:
    """Everything that is wrong with the ledger, each in a sentence, by position.

    `connection` sees one state of the database. `on_events` hears how many were looked at.
    """
    expected = _Expected()
    while rows := _page(connection, expected.position):
        for row in rows:
            yield from _row_faults(row, expected)
        on_events(len(rows))
    yield from _head_faults(connection, expected)
    yield from _repeated_submissions(connection)


def _page(connection: Connection, after: int) -> list[Row[tuple[object, ...]]]:
    query = select(ledger_event).where(_event.position > after).order_by(_event.position)
    return list(connection.execute(query.limit(_PAGE)))


def _row_faults(row: Row[tuple[object, ...]], expected: _Expected) -> Iterator[str]:
    values = row._mapping  # noqa: SLF001  # SQLAlchemy's name for a public thing
    position, stream, version = (
        values[_event.position],
        values[_event.originator_id],
        values[_event.originator_version],
    )
    where = f"Event {position} ({stream}, version {version})"
    if position != expected.position + 1:
        yield f"{_missing(expected.position + 1, position - 1)} missing from the ledger."
    before, digest = expected.streams.get(stream, (0, NO_DIGEST))
    if version != before + 1:
        yield f"{where}: its stream's version {before + 1} should come here."
    if values[_event.recorded_at_us] < expected.recorded_at_us:
        yield f"{where}: it was recorded before the one that stands before it."
    if values[_event.catalog_version] != expected.catalog_version + (stream == CATALOG_STREAM):
        yield f"{where}: the catalog was at another version than {values[_event.catalog_version]}."
    if _digest(values, digest) != values[_event.digest]:
        yield f"{where}: its digest doesn't fit; it or one before it in its stream was changed."
    yield from (f"{where}: {fault}" for fault in _payload_faults(values))
    expected.position = position
    expected.recorded_at_us = values[_event.recorded_at_us]
    expected.catalog_version = values[_event.catalog_version]
    expected.streams[stream] = (version, values[_event.digest])


def _missing(first: int, last: int) -> str:
    return f"Event {first} is" if first == last else f"Events {first} to {last} are"


def _digest(values: RowMapping, previous: bytes) -> bytes:
    submission_id: UUID | None = values[_event.submission_id]
    return event_digest(
        previous,
        values[_event.position],
        values[_event.originator_id],
        values[_event.originator_version],
        values[_event.topic],
        values[_event.recorded_at_us],
        values[_event.catalog_version],
        None if submission_id is None else submission_id.hex,
        values[_event.user],
        values[_event.salt],
        values[_event.state],
    )


def _payload_faults(values: RowMapping) -> Iterator[str]:
    """Whether the event can be read, and its columns say what it says."""
    try:
        event = decode(values[_event.topic], values[_event.state])
    except ValueError as error:
        yield f"it can't be read: {error}"
        return
    if getattr(event, "item", None) != values[_event.item]:
        yield f"its column says item {values[_event.item]}, the event itself doesn't."
    if at_us(event, values[_event.recorded_at_us]) != values[_event.at_us]:
        yield "its column at_us isn't what follows from the event."
    if (values[_event.submission_id] is not None) != (values[_event.topic] in _TOPICS_WITH_ID):
        yield "activity has a submission id and nothing else has one; here it is otherwise."


def _head_faults(connection: Connection, expected: _Expected) -> Iterator[str]:
    found = head(connection)
    if found.position != expected.position:
        yield (
            f"The ledger's head says {found.position} events, "
            f"but the last one there is has position {expected.position}."
        )
    if found.catalog_version != expected.catalog_version:
        yield (
            f"The ledger's head says catalog version {found.catalog_version}, "
            f"but its events come to {expected.catalog_version}."
        )


def _repeated_submissions(connection: Connection) -> Iterator[str]:
    repeated = (
        select(_event.originator_id, _event.submission_id, func.count())
        .where(_event.submission_id.is_not(None))
        .group_by(_event.originator_id, _event.submission_id)
        .having(func.count() > 1)
    )
    for stream, submission_id, count in connection.execute(repeated):
        yield f"Submission {submission_id} of {stream} is recorded {count} times."
