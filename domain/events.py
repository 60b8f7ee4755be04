"""Events: every fact that the ledger can hold, on one page.

An event is what was claimed, and nothing else: who said it, when it was recorded and where it
stands in the ledger is its envelope, `Recorded`. Each class has an explicit topic; a changed shape
is a new class with a new topic, and an upcast from the old one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, NamedTuple, get_args
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from domain.instants import to_us
from domain.items import Id, ItemId

EARLIEST_AT = datetime(1900, 1, 1, tzinfo=UTC)
LATEST_AT = datetime(9999, 1, 1, tzinfo=UTC)
SECONDS_MAX = 1e9


def _as_utc(instant: datetime) -> datetime:
    # A year compares faster than aware instants do, and every replay comes by here.
    if instant.year <= EARLIEST_AT.year and instant < EARLIEST_AT:
        raise ValueError("is before 1900; send the time of the viewing")
    if instant.year >= LATEST_AT.year - 1 and instant >= LATEST_AT:
        raise ValueError("is after 9998; send the time of the viewing")
    return instant.astimezone(UTC) if instant.utcoffset() else instant


OccurredAt = Annotated[AwareDatetime, AfterValidator(_as_utc)]
PlayedSeconds = Annotated[float, Field(ge=0, le=SECONDS_MAX, allow_inf_nan=False)]
DurationSeconds = Annotated[float, Field(gt=0, le=SECONDS_MAX, allow_inf_nan=False)]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=1000)]
"""One line of text for people: no control characters."""
Index = Annotated[int, Field(ge=-(2**31), lt=2**31)]


class IsolationMode(StrEnum):
    """What a device user shows to the same user's others, and sees of them (rules 10 and 12)."""

    SILO = "silo"
    QUIET = "quiet"
    LOUD = "loud"
    SHOUT = "shout"


class Fact(BaseModel):
    """What every event has in common.

    `topic` is what the ledger keeps it under, for ever; `type_name` what players send it as and
    histories show it as, the same for every version of a shape.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
    topic: ClassVar[str]
    type_name: ClassVar[str]


# What a viewer's device says, in the stream of its cduid.


class ActivityFact(Fact):
    """What every activity has in common: it is on an item, at a time that the player may claim."""

    item: ItemId
    occurred_at: OccurredAt | None = None


class ItemWatched(ActivityFact):
    """Somebody said that they watched it, or all under it (rule 7)."""

    topic: ClassVar[str] = "item_watched.v1"
    type_name: ClassVar[str] = "watch"
    duration_seconds: DurationSeconds | None = None


class ItemUnwatched(ActivityFact):
    """Somebody said that they haven't watched it, or anything under it (rule 9)."""

    topic: ClassVar[str] = "item_unwatched.v1"
    type_name: ClassVar[str] = "unwatch"


class ProgressReported(ActivityFact):
    """A player's tick: how far a watchable item has been played (rule 8)."""

    topic: ClassVar[str] = "progress_reported.v1"
    type_name: ClassVar[str] = "progress"
    played_seconds: PlayedSeconds
    duration_seconds: DurationSeconds


# What the operator says of a device user, in the stream of its cduid.


class DeviceUserRegistered(Fact):
    """Comes first in the stream of its cduid; whose that is, and on what device, never changes."""

    topic: ClassVar[str] = "device_user_registered.v1"
    type_name: ClassVar[str] = "device_user_registered"
    user: Id
    device: Id
    reported_name: Text | None = None
    display_name: Text | None = None
    kind: Text | None = None
    isolation_mode: Annotated[IsolationMode, Field(strict=False)] = IsolationMode.LOUD


class DeviceDescribed(Fact):
    """The device's names and kind, all of them, as they are from now on."""

    topic: ClassVar[str] = "device_described.v1"
    type_name: ClassVar[str] = "device_described"
    reported_name: Text | None = None
    display_name: Text | None = None
    kind: Text | None = None


class IsolationModeChanged(Fact):
    """The mode from now on, which applies to all that was ever said."""

    topic: ClassVar[str] = "isolation_mode_changed.v1"
    type_name: ClassVar[str] = "isolation_mode_changed"
    isolation_mode: Annotated[IsolationMode, Field(strict=False)]


class TokenIssued(Fact):
    """A new token, of which only the SHA-256 in hexadecimal is kept."""

    topic: ClassVar[str] = "token_issued.v1"
    type_name: ClassVar[str] = "token_issued"
    token_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class TokenRevoked(Fact):
    """The device user has no token from now on, until one is issued."""

    topic: ClassVar[str] = "token_revoked.v1"
    type_name: ClassVar[str] = "token_revoked"


# What the operator says of a user, in the stream of that user.


class AccessChanged(Fact):
    """What the user may see from now on (rule 15); None is no limit."""

    topic: ClassVar[str] = "access_changed.v1"
    type_name: ClassVar[str] = "access_changed"
    allowed_shelves: tuple[ItemId, ...] | None = None
    allowed_tags: tuple[Text, ...] | None = None
    denied_tags: tuple[Text, ...] = ()


# What media servers say of the catalog, in the catalog's stream.


class Details(BaseModel):
    """All that an item is besides its place."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
    index: Index | None = None
    title: Text | None = None
    tags: tuple[Text, ...] = ()
    external_ids: Mapping[str, Text] = Field(default_factory=dict)
    runtime_seconds: DurationSeconds | None = None
    tracks_progress: bool | None = None


class ItemPlaced(Fact):
    """An item that the catalog did not have stands under its parent (rule 4)."""

    topic: ClassVar[str] = "item_placed.v1"
    type_name: ClassVar[str] = "item_placed"
    item: ItemId
    parent: ItemId | None = None
    details: Details = Details()


class ItemMoved(Fact):
    """An item, with all under it, stands under another parent from now on (rule 4)."""

    topic: ClassVar[str] = "item_moved.v1"
    type_name: ClassVar[str] = "item_moved"
    item: ItemId
    parent: ItemId


class ItemDescribed(Fact):
    """The item's details, all of them, as they are from now on."""

    topic: ClassVar[str] = "item_described.v1"
    type_name: ClassVar[str] = "item_described"
    item: ItemId
    details: Details


class ItemHidden(Fact):
    """An item was removed, and all under it is hidden with it; nothing is lost (rule 5)."""

    topic: ClassVar[str] = "item_hidden.v1"
    type_name: ClassVar[str] = "item_hidden"
    item: ItemId


class ItemRestored(Fact):
    """An item that was removed is back (rule 5)."""

    topic: ClassVar[str] = "item_restored.v1"
    type_name: ClassVar[str] = "item_restored"
    item: ItemId


# Each list stands once, as a union: `match` is held against it, and the tuples are made of it.

Activity = ItemWatched | ItemUnwatched | ProgressReported
DeviceUserEvent = (
    DeviceUserRegistered | DeviceDescribed | IsolationModeChanged | TokenIssued | TokenRevoked
)
CatalogEvent = ItemPlaced | ItemMoved | ItemDescribed | ItemHidden | ItemRestored
Event = Activity | DeviceUserEvent | AccessChanged | CatalogEvent

ACTIVITY: tuple[type[Activity], ...] = get_args(Activity)
DEVICE_USER: tuple[type[DeviceUserEvent], ...] = get_args(DeviceUserEvent)
CATALOG: tuple[type[CatalogEvent], ...] = get_args(CatalogEvent)
EVENT_CLASSES: tuple[type[Event], ...] = get_args(Event)

CATALOG_STREAM = "catalog"


def device_user_stream(cduid: str) -> str:
    """The stream of what is said by a device user, and of it: `cduid:…`."""
    return f"cduid:{cduid}"


def user_stream(user: str) -> str:
    """The stream of a user's settings: `user:…`."""
    return f"user:{user}"


class Recorded(NamedTuple):
    """An event in its envelope: where it stands in the ledger, and since when.

    `at_us` is rule 1's `at`; instants are microseconds since 1970. `user` is whose event it is,
    None for the catalog's. `submission_id` is there for activity only.
    """

    position: int
    stream: str
    version: int
    recorded_at_us: int
    at_us: int
    catalog_version: int
    submission_id: UUID | None
    user: str | None
    event: Event

    @property
    def cduid(self) -> str | None:
        """Whose stream it is, if it is a device user's."""
        return self.stream[6:] if self.stream.startswith("cduid:") else None


def at_us(event: Event, recorded_at_us: int) -> int:
    """When an event counts as having happened: a clock that runs ahead can't win (rule 1)."""
    occurred_at = getattr(event, "occurred_at", None)
    return recorded_at_us if occurred_at is None else min(to_us(occurred_at), recorded_at_us)
