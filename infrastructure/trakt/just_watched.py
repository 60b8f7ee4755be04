"""Whether the last that a client said of an item is that it was watched, and when that was."""

from sqlalchemy import Engine, select

from domain.events import ItemWatched, ProgressReported, device_user_stream, topics_of
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.retractions import retractions
from infrastructure.ledger.schema import ledger_event

_event = ledger_event.c
_WATCHED = topics_of([ItemWatched])
_TOPICS = topics_of([ItemWatched, ProgressReported])
_NO_END = 2**62


def just_watched_us(engine: Engine, cduid: str, item: str) -> int | None:
    """When a device user watched an item, unless it said anything else of it since."""
    stream = device_user_stream(cduid)
    query = (
        select(_event.topic, _event.at_us, _event.submission_id)
        .where(_event.originator_id == stream, _event.item == item, _event.topic.in_(_TOPICS))
        .order_by(_event.position.desc())
        .limit(1)
    )
    with read_transaction(engine) as connection:
        newest = connection.execute(query).first()
        if newest is None or newest.topic not in _WATCHED:
            return None
        is_retracted = (stream, newest.submission_id) in retractions(connection, [stream], _NO_END)
    at_us: int = newest.at_us
    return None if is_retracted else at_us
