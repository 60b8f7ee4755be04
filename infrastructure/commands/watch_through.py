"""Watching through, as it is asked for: one request that becomes a watch of each episode.

The id of each is made of the request's and of the item, so that what was chosen the first time is
found again, whatever is unwatched by then.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Self
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Connection, select

from domain.events import ItemWatched, device_user_stream
from domain.items import ItemId
from infrastructure.commands.submissions import Instant, Submission
from infrastructure.ledger.schema import ledger_event

_IDS_AT_ONCE = 500
_event = ledger_event.c


class WatchThrough(BaseModel):
    """An episode, up to which all of its show was watched."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    id: Annotated[UUID, Field(description="What makes sending it again harmless; never another's.")]
    item: ItemId
    occurred_at: Instant | None = None
    undated: bool = False

    @model_validator(mode="after")
    def _dated_once(self) -> Self:
        if self.undated and self.occurred_at is not None:
            raise ValueError("has both undated and occurred_at; send one of the two")
        return self

    def id_of(self, item: str) -> UUID:
        """The submission id of the watch of an episode."""
        return uuid5(self.id, item)

    def submissions(self, cduid: str, items: Iterable[str]) -> list[Submission]:
        """A watch of each of these episodes."""
        return [Submission(self.id_of(item), cduid, self._watched(item)) for item in items]

    def _watched(self, item: str) -> ItemWatched:
        return ItemWatched(item=item, occurred_at=self.occurred_at, undated=self.undated)


def recorded_of(
    connection: Connection, cduid: str, command: WatchThrough, items: Sequence[str]
) -> list[str]:
    """Those of these items of which the request was recorded before."""
    by_id = {command.id_of(item): item for item in items}
    ids = list(by_id)
    found: list[str] = []
    for first in range(0, len(ids), _IDS_AT_ONCE):
        query = select(_event.submission_id).where(
            _event.originator_id == device_user_stream(cduid),
            _event.submission_id.in_(ids[first : first + _IDS_AT_ONCE]),
        )
        found += (by_id[name] for name in connection.scalars(query.order_by(_event.position)))
    return found
