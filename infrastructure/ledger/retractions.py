"""Retractions: which events were taken back, by whom they were said, and where (rule 23)."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from domain.events import ActivityRetracted, topics_of
from infrastructure.ledger.mapper import decode
from infrastructure.ledger.schema import ledger_event

_STREAMS_AT_ONCE = 500
_TOPICS = topics_of([ActivityRetracted])
_event = ledger_event.c


class Retraction(NamedTuple):
    """Where an event was taken back first."""

    position: int
    recorded_at_us: int


def retractions(
    connection: Connection, streams: Collection[str], upto: int
) -> dict[tuple[str, UUID], Retraction]:
    """What was taken back in these streams up to a position, by stream and submission id."""
    found: dict[tuple[str, UUID], Retraction] = {}
    asked = sorted(set(streams))
    for first in range(0, len(asked), _STREAMS_AT_ONCE):
        query = (
            select(_event.originator_id, _event.topic, _event.state)
            .add_columns(_event.position, _event.recorded_at_us)
            .where(
                _event.originator_id.in_(asked[first : first + _STREAMS_AT_ONCE]),
                _event.item.is_(None),
                _event.submission_id.is_not(None),
                _event.topic.in_(_TOPICS),
                _event.position <= upto,
            )
            .order_by(_event.position)
            .with_hint(ledger_event, "INDEXED BY ledger_event_stream_item", "sqlite")
        )
        for stream, topic, state, *where in connection.execute(query):
            event = decode(topic, state)
            if isinstance(event, ActivityRetracted):
                found.setdefault((stream, event.retracts), Retraction(*where))
    return found
