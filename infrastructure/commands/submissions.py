"""What players send, from bytes to events: validated once, and never twice where all is well.

One bad event doesn't hold back the others, so only where the whole body isn't valid, or is large,
is each event looked at alone.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, NotRequired
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from pydantic_core import from_json
from typing_extensions import TypedDict

from domain.events import ACTIVITY, Activity, PlayerState
from domain.instants import to_us
from domain.items import Id, ItemId
from domain.references import Reference, unresolved_item
from domain.rejection import Rejection
from domain.values import SECONDS_MAX, OccurredAt, PlayedSeconds, Share
from infrastructure.commands.documents import fields_of, piece, whole
from infrastructure.commands.validation import Invalid, faults, in_words

EVENTS_MAX = 1_000
WITH_MAX = 100
_ID_LENGTH_MAX = 200
_CLOCK_PRECISION_US = 2_000_000
"""What a player's clock may be off before it matters (rule 1)."""

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}").match
_STRICT = ConfigDict(strict=True, extra="forbid")
_EVENTS: dict[str, type[Activity]] = {cls.type_name: cls for cls in ACTIVITY}
"""The event that each type of submission becomes, with all but the envelope for its facts."""
_DEFAULTS: dict[str, dict[str, Any]] = {
    cls.type_name: {
        name: field.default for name, field in cls.model_fields.items() if not field.is_required()
    }
    for cls in ACTIVITY
}
"""What each of them is if nothing else is said: looked up here once and not by every event."""
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


_SENT_AT_SAID = (
    "What the player's clock shows as it sends. The ledger's less that, if it is more than two "
    "seconds, is added to every occurred_at of the request."
)
_ITEM_SAID = "What it is about: either this or ref."
_REF_SAID = (
    "What the player calls it, where it knows no item: ids of other catalogs, a title and a year, "
    "of an episode its show with the numbers. The ledger finds the item; the admin's are placed if "
    "there is none, everybody else's are answered as unresolved then and not recorded."
)
_WITH_SAID = (
    "The other users of this device who watched along: the event is recorded for each of them, for "
    "all or for none."
)


SentDuration = Annotated[float, Field(ge=0, le=SECONDS_MAX, allow_inf_nan=False)]
"""Many players say 0 for what they don't know: it is taken as left out."""


class _Activity(TypedDict):
    """What comes with every event; a shape has the facts of its event besides, by their names."""

    id: Annotated[UUID, Field(description=_ID_SAID, examples=[_ID_EXAMPLE])]
    cduid: NotRequired[Id | None]
    occurred_at: NotRequired[Instant | None]


class _OnItem(_Activity):
    item: NotRequired[Annotated[ItemId | None, Field(description=_ITEM_SAID)]]
    ref: NotRequired[Annotated[Reference | None, Field(description=_REF_SAID)]]


class _Spoken(_OnItem):
    with_users: NotRequired[
        Annotated[
            Annotated[tuple[Id, ...], Field(max_length=WITH_MAX, fail_fast=True)] | None,
            Field(alias="with", description=_WITH_SAID),
        ]
    ]


@with_config(_STRICT)
class _Watch(_Spoken):
    type: Literal["watch"]
    duration_seconds: NotRequired[SentDuration | None]
    undated: NotRequired[bool | None]


@with_config(_STRICT)
class _Unwatch(_Spoken):
    type: Literal["unwatch"]


@with_config(_STRICT)
class _Progress(_Spoken):
    type: Literal["progress"]
    played_seconds: NotRequired[PlayedSeconds | None]
    duration_seconds: NotRequired[SentDuration | None]
    share: NotRequired[Share | None]
    state: NotRequired[PlayerState | None]


@with_config(_STRICT)
class _Retract(_Activity):
    type: Literal["retract"]
    retracts: UUID


@with_config(_STRICT)
class _Dismiss(_OnItem):
    type: Literal["dismiss"]


@with_config(_STRICT)
class _Recall(_OnItem):
    type: Literal["recall"]


@with_config(_STRICT)
class _Restart(_OnItem):
    type: Literal["restart"]


_Sent = Annotated[
    _Watch | _Unwatch | _Progress | _Retract | _Dismiss | _Recall | _Restart,
    Field(discriminator="type"),
]
_SentAt = Annotated[Instant | None, Field(description=_SENT_AT_SAID)]


@with_config(_STRICT)
class EventsBody(TypedDict):
    events: Annotated[list[_Sent], Field(min_length=1, max_length=EVENTS_MAX)]
    sent_at: NotRequired[_SentAt]


@with_config(_STRICT)
class _AnyEvents(TypedDict):
    events: Annotated[list[Any], Field(min_length=1, max_length=EVENTS_MAX)]
    sent_at: NotRequired[_SentAt]


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


_ONE_OF_TWO = Rejection(
    "invalid_event", "item is missing, or stands beside ref; send item, or ref in its place."
)


def parse_events(body: bytes, now_us: int) -> list[Submission | Unreadable]:
    """The events of a request body, in order, as they came in by the ledger's clock.

    Raises ValueError if none of it can be read (see `fields_of`), ValidationError among them.
    """
    sent = whole(EVENTS_BODY, body)
    if sent is None:
        any_sent = _ANY_EVENTS.validate_python(fields_of(body))
        offset_seconds = _clock_offset_seconds(any_sent.get("sent_at"), now_us)
        return [_parse(each, offset_seconds) for each in any_sent["events"]]
    offset_seconds = _clock_offset_seconds(sent.get("sent_at"), now_us)
    return [_submission(each, offset_seconds) for each in sent["events"]]


def parse_event(text: bytes) -> Submission | Unreadable:
    """One event of a file that has one a line. Raises ValueError for what is no JSON."""
    return _parse(from_json(text))


def _clock_offset_seconds(sent_at: datetime | None, now_us: int) -> float | None:
    """What the ledger's clock shows more than the player's; None if that says nothing (rule 1)."""
    if sent_at is None:
        return None
    offset_us = now_us - to_us(sent_at)
    return offset_us / 1_000_000 if abs(offset_us) > _CLOCK_PRECISION_US else None


def _parse(value: Any, offset_seconds: float | None = None) -> Submission | Unreadable:
    try:
        return _submission(piece(_SENT, value), offset_seconds)
    except (ValidationError, Invalid) as error:
        found = in_words(faults(error, ignored=tuple(_EVENTS)))
        return Unreadable(_id_of(value), Rejection("invalid_event", f"{found}."))


def _id_of(value: Any) -> str | None:
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str) and len(found) <= _ID_LENGTH_MAX else None


def _submission(sent: _Sent, offset_seconds: float | None) -> Submission | Unreadable:
    if sent["type"] != "retract" and (sent.get("item") is None) == (sent.get("ref") is None):
        return Unreadable(str(sent["id"]), _ONE_OF_TWO)
    return Submission(sent["id"], sent.get("cduid"), _event(sent, offset_seconds))


def _event(sent: _Sent, offset_seconds: float | None) -> Activity:
    """The event that was sent; its facts have been validated as such already.

    What is null is as what is left out, and so is a duration of nothing.
    """
    type_name = sent["type"]
    facts = _DEFAULTS[type_name].copy()
    for key, each in sent.items():
        if each is not None and key not in _ENVELOPE:
            facts[key] = each
    if (reference := facts.get("ref")) is not None:
        facts["item"] = unresolved_item(reference)
    if facts.get("duration_seconds") == 0:
        facts["duration_seconds"] = None
    if offset_seconds is not None and facts["occurred_at"] is not None:
        facts["clock_offset_seconds"] = offset_seconds
    return _EVENTS[type_name].model_construct(**facts)
