"""An event as histories show it, over HTTP and in a terminal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from domain.directory import Directory
from domain.events import (
    EVENT_CLASSES,
    ActivityFact,
    ActivityRetracted,
    Erased,
    Event,
    ItemWatched,
    Recorded,
    SpokenFact,
    is_undated,
    topics_of,
)
from domain.instants import from_us
from infrastructure.ledger.retractions import Retraction, retractions

TOPICS_OF: dict[str, tuple[str, ...]] = {
    name: topics_of(cls for cls in EVENT_CLASSES if cls.type_name == name)
    for name in dict.fromkeys(cls.type_name for cls in EVENT_CLASSES)
}
"""The topics of the events of a type, as histories name it."""
_LEFT_OUT = {"token_sha256", "secret_sha256", "with_users"}


class Retracted(BaseModel):
    """Where an event was taken back, and when."""

    position: int
    recorded_at: datetime


class EventShown(BaseModel):
    """An event, and beside these fields whatever it claims. Activity has an id.

    `at` is null where nobody knows when it was. `retracted` says whether it counts no more.
    """

    model_config = ConfigDict(extra="allow")

    position: int
    id: UUID | None
    type: str
    cduid: str | None
    user: str | None
    item: str | None
    occurred_at: datetime | None
    recorded_at: datetime
    at: datetime | None
    version: int
    catalog_version: int
    retracted: Retracted | None = None


def events_shown(
    connection: Connection, found: Sequence[Recorded], directory: Directory, upto: int
) -> list[EventShown]:
    """Events as histories show them, with what was taken back of them up to a position."""
    streams = {each.stream for each in found if each.submission_id is not None}
    taken_back = retractions(connection, streams, upto) if streams else {}
    return [event_shown(each, directory, _retraction_of(each, taken_back)) for each in found]


def _retraction_of(
    recorded: Recorded, taken_back: Mapping[tuple[str, UUID], Retraction]
) -> Retraction | None:
    """What takes an event back; a retraction can't be (rule 23)."""
    name = recorded.submission_id
    if name is None or isinstance(recorded.event, ActivityRetracted):
        return None
    return taken_back.get((recorded.stream, name))


def event_shown(
    recorded: Recorded, directory: Directory, retraction: Retraction | None = None
) -> EventShown:
    """An event as histories show it; what would let others in is left out.

    Its user is whose the device user is now, which needn't be who it was when it was recorded.
    """
    event = recorded.event
    device_user = directory.device_users.get(recorded.cduid or "")
    return EventShown(
        **{
            "item": None,
            "occurred_at": None,
            **_claims(event),
            "position": recorded.position,
            "id": None if isinstance(event, Erased) else recorded.submission_id,
            "type": event.type_name,
            "cduid": recorded.cduid,
            "device": device_user.device if device_user else None,
            "user": device_user.user if device_user else recorded.user,
            "recorded_at": from_us(recorded.recorded_at_us),
            "at": None if _is_undated(event) else from_us(recorded.at_us),
            "version": recorded.version,
            "catalog_version": recorded.catalog_version,
            "retracted": None if retraction is None else _retracted(retraction),
        }
    )


def _claims(event: Event) -> dict[str, Any]:
    """What an event claims, by the names that it is sent under."""
    claims = event.model_dump(mode="json", exclude=_LEFT_OUT, exclude_none=True)
    if isinstance(event, SpokenFact) and event.with_users:
        claims["with"] = event.with_users
    if isinstance(event, ItemWatched) and not event.undated:
        del claims["undated"]
    return claims


def _is_undated(event: Event) -> bool:
    return isinstance(event, ActivityFact) and is_undated(event)


def _retracted(retraction: Retraction) -> Retracted:
    return Retracted(position=retraction.position, recorded_at=from_us(retraction.recorded_at_us))
