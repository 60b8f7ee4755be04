"""The mapper: events to topic and JSON and back, validated when read and not only when written.

The library's own mapper rebuilds events past validation and names them by module; this one knows
each event by its explicit topic, so that moving code never changes data.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    JSONTranscoder,
    Mapper,
    MapperDeserialisationError,
    StoredEvent,
)
from pydantic import ValidationError

from domain.events import EVENT_CLASSES, Event, topics_of

Upcast = Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]

UPCASTS: dict[str, Upcast] = {}
"""By the topic of an event that is no longer written: what makes a newer topic and its facts of
the old facts. One step each; the newer may be old again."""

VALIDATORS: dict[str, Callable[[bytes], Any]] = {
    topic: cls.__pydantic_validator__.validate_json
    for cls in EVENT_CLASSES
    for topic in topics_of([cls])
}


class UnreadableEvent(MapperDeserialisationError):
    """A row that today's code can't read; the message says which, and why."""

    def __init__(self, reason: str, *, position: int | None, stream: str, version: int) -> None:
        where = "" if position is None else f" at position {position}"
        super().__init__(f"The event{where} ({stream}, version {version}) can't be read: {reason}")
        self.position = position
        self.stream = stream
        self.version = version
        self.reason = reason


def encode(event: Event) -> tuple[str, bytes]:
    """An event's topic and its facts as JSON; facts left at their default are left out."""
    serializer = event.__pydantic_serializer__
    return event.topic, serializer.to_json(event, exclude_defaults=True)


def decode(topic: str, state: bytes) -> Event:
    """The event of a topic and JSON. Raises ValueError where there is none."""
    try:
        validate = VALIDATORS[topic]
    except KeyError:
        return decode(*_upcast(topic, state))
    return cast("Event", validate(state))


def _upcast(topic: str, state: bytes) -> tuple[str, bytes]:
    if topic not in UPCASTS:
        raise ValueError(f"its topic {topic!r} isn't known; a newer version may have written it")
    newer_topic, facts = UPCASTS[topic](json.loads(state))
    return newer_topic, json.dumps(facts).encode()


def decode_row(
    topic: str, state: bytes, *, position: int | None, stream: str, version: int
) -> Event:
    """As `decode`, for a row that has a place. Raises UnreadableEvent, which names it."""
    try:
        return decode(topic, state)
    except ValueError as error:
        raise UnreadableEvent(
            _reason(error), position=position, stream=stream, version=version
        ) from error


def _reason(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]


class StreamEvent(NamedTuple):
    """An event with its place in a stream, as the library's event store takes and gives it."""

    originator_id: str
    originator_version: int
    event: Event


class LedgerMapper(Mapper[str]):
    """The library's mapper, for our events."""

    def __init__(self) -> None:
        super().__init__(transcoder=JSONTranscoder())

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        placed = cast("StreamEvent", domain_event)
        topic, state = encode(placed.event)
        return StoredEvent(placed.originator_id, placed.originator_version, topic, state)

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """Raises UnreadableEvent."""
        stream, version = str(stored_event.originator_id), stored_event.originator_version
        event = decode_row(
            stored_event.topic, stored_event.state, position=None, stream=stream, version=version
        )
        return cast("DomainEventProtocol[str]", StreamEvent(stream, version, event))
