"""An event as histories show it, over HTTP and in a terminal."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from domain.directory import Directory
from domain.events import EVENT_CLASSES, Recorded
from domain.instants import from_us

TOPICS_OF: dict[str, tuple[str, ...]] = {
    name: tuple(cls.topic for cls in EVENT_CLASSES if cls.type_name == name)
    for name in dict.fromkeys(cls.type_name for cls in EVENT_CLASSES)
}
"""The topics of the events of a type, as histories name it."""
_SECRET = {"token_sha256"}


class EventShown(BaseModel):
    """An event, and beside these fields whatever it claims. Activity has an id."""

    model_config = ConfigDict(extra="allow")

    position: int
    id: UUID | None
    type: str
    cduid: str | None
    user: str | None
    item: str | None
    occurred_at: datetime | None
    recorded_at: datetime
    at: datetime
    version: int
    catalog_version: int


def event_shown(recorded: Recorded, directory: Directory) -> EventShown:
    """An event as histories show it; what would let others in is left out."""
    event = recorded.event
    claims = event.model_dump(mode="json", exclude=_SECRET, exclude_none=True)
    device_user = directory.device_users.get(recorded.cduid or "")
    return EventShown(
        **{
            "item": None,
            "occurred_at": None,
            **claims,
            "position": recorded.position,
            "id": recorded.submission_id,
            "type": event.type_name,
            "cduid": recorded.cduid,
            "device": device_user.device if device_user else None,
            "user": recorded.user,
            "recorded_at": from_us(recorded.recorded_at_us),
            "at": from_us(recorded.at_us),
            "version": recorded.version,
            "catalog_version": recorded.catalog_version,
        }
    )
