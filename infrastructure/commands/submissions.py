"""What players send, from bytes to events: validated once, and never twice where all is well.

One bad event doesn't hold back the others, so only where the whole body isn't valid is each event
looked at alone.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, NotRequired
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from pydantic_core import from_json, to_json
from typing_extensions import TypedDict

from domain.events import ACTIVITY, Activity, DurationSeconds, OccurredAt, PlayedSeconds
from domain.items import Id, ItemId
from domain.rejection import Rejection
from infrastructure.commands.validation import faults, in_words

EVENTS_MAX = 1_000
_ID_LENGTH_MAX = 200

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}").match
_STRICT = ConfigDict(strict=True, extra="forbid")
_EVENTS: dict[str, type[Activity]] = {cls.type_name: cls for cls in ACTIVITY}
"""The event that each type of submission becomes, with all but the envelope for its facts."""
_ENVELOPE = {"id", "type", "cduid"}

_ID_SAID = (
    "What makes sending it again harmless: the same whenever this very event is sent, and never "
    "another's. Where the player has an id of its own for what happened, make it of that, as a "
    "version 5 UUID: uuid5(NAMESPACE_URL, 'kodi:living-room:history:4711'). Otherwise take a "
    "random one and keep it with the event until it is answered. One id for each thing that "
    "happened, not for each item: a rewatch is a new one."
)
_ID_EXAMPLE = str(uuid5(NAMESPACE_URL, "kodi:living-room:history:4711"))


def _as_rfc3339(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC3339(value)):
        return value
    raise ValueError("must be a time such as 2026-01-31T20:15:00Z")


# Lax, since a validator in Python hides from pydantic that the text stood in JSON.
Instant = Annotated[OccurredAt, Field(strict=False), BeforeValidator(_as_rfc3339, str)]


class _Activity(TypedDict):
    """What comes with every event; a shape has the facts of its event besides, by their names."""

    id: Annotated[UUID, Field(description=_ID_SAID, examples=[_ID_EXAMPLE])]
    cduid: NotRequired[Id | None]
    item: ItemId
    occurred_at: NotRequired[Instant | None]


@with_config(_STRICT)
class _Watch(_Activity):
    type: Literal["watch"]
    duration_seconds: NotRequired[DurationSeconds | None]


@with_config(_STRICT)
class _Unwatch(_Activity):
    type: Literal["unwatch"]


@with_config(_STRICT)
class _Progress(_Activity):
    type: Literal["progress"]
    played_seconds: PlayedSeconds
    duration_seconds: DurationSeconds


_Sent = Annotated[_Watch | _Unwatch | _Progress, Field(discriminator="type")]


@with_config(_STRICT)
class EventsBody(TypedDict):
    events: Annotated[list[_Sent], Field(min_length=1, max_length=EVENTS_MAX)]


@with_config(_STRICT)
class _AnyEvents(TypedDict):
    events: Annotated[list[Any], Field(min_length=1, max_length=EVENTS_MAX)]


EVENTS_BODY = TypeAdapter(EventsBody)
_ANY_EVENTS = TypeAdapter(_AnyEvents)
_SENT: TypeAdapter[_Sent] = TypeAdapter(_Sent)


class Submission(NamedTuple):
    """An event as a player sent it; without `cduid` it is about the sender's own."""

    id: Annotated[UUID, Field(description=_ID_SAID, examples=[_ID_EXAMPLE])]
    cduid: str | None
    event: Activity


class Unreadable(NamedTuple):
    """Something that was sent and isn't valid, with the name that it carried, if it did."""

    name: str | None
    rejection: Rejection


def parse_events(body: bytes) -> list[Submission | Unreadable]:
    """The events of a request body, in order. Raises ValidationError if none of it can be read."""
    try:
        sent = EVENTS_BODY.validate_json(body)
    except ValidationError:
        return [_parse(each) for each in _ANY_EVENTS.validate_json(body)["events"]]
    return [_submission(each) for each in sent["events"]]


def parse_event(text: bytes) -> Submission | Unreadable:
    """One event of a file that has one a line. Raises ValueError for what is no JSON."""
    return _parse(from_json(text))


def _parse(value: Any) -> Submission | Unreadable:
    try:
        return _submission(_SENT.validate_json(to_json(value)))
    except ValidationError as error:
        found = in_words(faults(error, ignored=tuple(_EVENTS)))
        return Unreadable(_id_of(value), Rejection("invalid_event", f"{found}."))


def _id_of(value: Any) -> str | None:
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str) and len(found) <= _ID_LENGTH_MAX else None


def _submission(sent: _Sent) -> Submission:
    return Submission(sent["id"], sent.get("cduid"), _event(sent))


def _event(sent: _Sent) -> Activity:
    """The event that was sent; its facts have been validated as such already."""
    facts: dict[str, Any] = {key: each for key, each in sent.items() if key not in _ENVELOPE}
    return _EVENTS[sent["type"]].model_construct(**facts)
