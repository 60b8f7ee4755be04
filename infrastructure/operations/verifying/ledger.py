"""Whether the ledger is whole: no gap, no repeat, every chain unbroken, every event readable."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, func, select, type_coerce

from infrastructure.ledger.continuity import Continuity
from infrastructure.ledger.reader import REPLAY_PAGE, head, read_rows
from infrastructure.ledger.schema import ledger_erasure, ledger_event
from infrastructure.ledger.soundness import HEAD_ANEW
from infrastructure.operations.verifying.values import spelling_faults

_event = ledger_event.c


def ledger_faults(
    connection: Connection, on_events: Callable[[int], None] = lambda _: None
) -> Iterator[str]:
    """Everything that is wrong with the ledger, each in a sentence, by position.

    `connection` sees one state of the database. `on_events` hears how many were looked at.
    """
    continuity = Continuity()
    while rows := read_rows(connection, continuity.position, REPLAY_PAGE):
        for row in rows:
            yield from continuity.faults(row)
        on_events(len(rows))
    yield from _erasure_faults(connection, continuity)
    yield from _head_faults(connection, continuity)
    misspelt = list(spelling_faults(connection))
    yield from misspelt
    yield from _repeated_submissions(connection, _as_meant() if misspelt else _event.submission_id)


def _erasure_faults(connection: Connection, continuity: Continuity) -> Iterator[str]:
    if connection.execute(select(ledger_erasure.c.erasure).limit(1)).first() is not None:
        yield "An erasure isn't finished. Start the service: it goes on with it."
    else:
        yield from continuity.coverage.faults()


def _head_faults(connection: Connection, continuity: Continuity) -> Iterator[str]:
    found = head(connection)
    if found.position != continuity.position:
        yield (
            f"The ledger's head says position {found.position}, "
            f"but the last event there is has {continuity.position}. {HEAD_ANEW}"
        )
    if found.catalog_version != continuity.catalog_version:
        yield (
            f"The ledger's head says catalog version {found.catalog_version}, "
            f"but its events come to {continuity.catalog_version}. {HEAD_ANEW}"
        )
    if found.recorded_at_us != continuity.recorded_at_us:
        yield (
            f"The ledger's head says that its last event was recorded at {found.recorded_at_us}, "
            f"the event itself says {continuity.recorded_at_us} (microseconds since 1970)."
        )


def _as_meant() -> ColumnElement[Any]:
    """Submission ids that SQLite keeps as text, however somebody has spelt them."""
    digits = func.lower(func.replace(type_coerce(_event.submission_id, Text), "-", ""))
    return type_coerce(digits, _event.submission_id.type)


def _repeated_submissions(connection: Connection, id_: ColumnElement[Any]) -> Iterator[str]:
    repeated = (
        select(_event.originator_id, id_, func.count())
        .where(_event.submission_id.is_not(None))
        .group_by(_event.originator_id, id_)
        .having(func.count() > 1)
    )
    for stream, submission_id, count in connection.execute(repeated):
        yield f"Submission {submission_id} of {stream} is recorded {count} times."
