"""Events: every fact that the ledger can hold, on one page.

An event is what was claimed, and nothing else: who said it, when it was recorded and where it
stands in the ledger is its envelope, `Recorded`. Each class has an explicit topic; a changed shape
has a new one. What was stored before is read by today's class where that only has more that can be
said, and by an upcast otherwise.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, NamedTuple, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from domain.instants import to_us
from domain.items import Id, ItemId, SourceName
from domain.references import Reference
from domain.values import (
    UNDATED_AT_US,
    ClockOffsetSeconds,
    DurationSeconds,
    Index,
    OccurredAt,
    PlayedSeconds,
    ReleasedAt,
    Share,
    Text,
    Year,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK_WAS_SET_AT = datetime(1970, 2, 1, tzinfo=UTC)


class IsolationMode(StrEnum):
    """What a device user shows to the same user's others, and sees of them (rules 10 and 12)."""

    SILO = "silo"
    QUIET = "quiet"
    LOUD = "loud"
    SHOUT = "shout"


class Fact(BaseModel):
    """What every event has in common.

    `topic` is what the ledger keeps it under, for ever; `older_topics` are those of shapes that
    today's reads as they are, since it only has more that can be said. `type_name` is what players
    send it as and histories show it as, the same for every version of a shape.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
    topic: ClassVar[str]
    older_topics: ClassVar[tuple[str, ...]] = ()
    type_name: ClassVar[str]


# What a viewer's device says, in the stream of its cduid.


class ActivityFact(Fact):
    """What every activity has in common: a time that the player may claim.

    `clock_offset_seconds` is what the ledger's clock showed more than the player's when the player
    sent it, if they were apart (rule 1).
    """

    occurred_at: OccurredAt | None = None
    clock_offset_seconds: ClockOffsetSeconds | None = None


class OnItemFact(ActivityFact):
    """What is said on an item; `ref` is what the client called it, if it knew no item."""

    item: ItemId
    ref: Reference | None = None


class SpokenFact(OnItemFact):
    """What is said on an item, for the users of the same device that are named, too (rule 29)."""

    with_users: tuple[Id, ...] = ()


class ItemWatched(SpokenFact):
    """Somebody said that they watched it, or all under it (rule 7); `undated`: no one knows when.

    An undated one has no `occurred_at` (rule 25).
    """

    topic: ClassVar[str] = "item_watched.v3"
    older_topics: ClassVar[tuple[str, ...]] = ("item_watched.v2", "item_watched.v1")
    type_name: ClassVar[str] = "watch"
    duration_seconds: DurationSeconds | None = None
    undated: bool = False


class ItemUnwatched(SpokenFact):
    """Somebody said that they haven't watched it, or anything under it (rule 9)."""

    topic: ClassVar[str] = "item_unwatched.v3"
    older_topics: ClassVar[tuple[str, ...]] = ("item_unwatched.v2", "item_unwatched.v1")
    type_name: ClassVar[str] = "unwatch"


class PlayerState(StrEnum):
    """What the player was doing: shown, and of no consequence for what is watched."""

    PLAYING = "playing"
    PAUSED = "paused"
    STOPPED = "stopped"


class ProgressReported(SpokenFact):
    """A player's tick: how far a watchable item has been played (rule 8).

    Either seconds are there, those of the duration only if the player knows them, or a share of it
    (rule 26).
    """

    topic: ClassVar[str] = "progress_reported.v3"
    older_topics: ClassVar[tuple[str, ...]] = ("progress_reported.v2", "progress_reported.v1")
    type_name: ClassVar[str] = "progress"
    played_seconds: PlayedSeconds | None = None
    duration_seconds: DurationSeconds | None = None
    share: Share | None = None
    state: Annotated[PlayerState | None, Field(strict=False)] = None


class ActivityRetracted(ActivityFact):
    """What was sent under an id by the same device user is as if it had never been (rule 23)."""

    topic: ClassVar[str] = "activity_retracted.v1"
    type_name: ClassVar[str] = "retract"
    retracts: Annotated[UUID, Field(strict=False)]


class ItemDismissed(OnItemFact):
    """Leave it out of what comes next until more is said (rule 27)."""

    topic: ClassVar[str] = "item_dismissed.v2"
    older_topics: ClassVar[tuple[str, ...]] = ("item_dismissed.v1",)
    type_name: ClassVar[str] = "dismiss"


class ItemRecalled(OnItemFact):
    """Take a dismissal back (rule 27)."""

    topic: ClassVar[str] = "item_recalled.v2"
    older_topics: ClassVar[tuple[str, ...]] = ("item_recalled.v1",)
    type_name: ClassVar[str] = "recall"


class ItemRestarted(OnItemFact):
    """Begin a show, a season or a shelf of shows anew, and rewrite nothing (rule 28)."""

    topic: ClassVar[str] = "item_restarted.v2"
    older_topics: ClassVar[tuple[str, ...]] = ("item_restarted.v1",)
    type_name: ClassVar[str] = "restart"


# What the operator says of a device user, in the stream of its cduid.


class DeviceUserRegistered(Fact):
    """Comes first in the stream of its cduid: whose that is, and on what device."""

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


class DeviceUserReassigned(Fact):
    """It is another user's, with all that it ever said, as if it had always been (rule 33)."""

    topic: ClassVar[str] = "device_user_reassigned.v1"
    type_name: ClassVar[str] = "device_user_reassigned"
    user: Id


class DeviceUserRetired(Fact):
    """It is in no list and its token is void; what it said stays (rule 33)."""

    topic: ClassVar[str] = "device_user_retired.v1"
    type_name: ClassVar[str] = "device_user_retired"


class DeviceUserReinstated(Fact):
    """It is in use again, without a token until one is issued (rule 33)."""

    topic: ClassVar[str] = "device_user_reinstated.v1"
    type_name: ClassVar[str] = "device_user_reinstated"


# What the operator says of a user, in the stream of that user.


class AccessChanged(Fact):
    """What the user may see from now on (rule 15); None is no limit."""

    topic: ClassVar[str] = "access_changed.v1"
    type_name: ClassVar[str] = "access_changed"
    allowed_shelves: tuple[ItemId, ...] | None = None
    allowed_tags: tuple[Text, ...] | None = None
    denied_tags: tuple[Text, ...] = ()


class AccountMapped(Fact):
    """The user is the one whom a source knows by this account, or calls so, from now on.

    `account` is the server's key for it, or its name where the key hasn't been heard yet; `name` is
    what the server called it, if that was heard.
    """

    topic: ClassVar[str] = "account_mapped.v1"
    type_name: ClassVar[str] = "account_mapped"
    source: SourceName
    account: Text
    name: Text | None = None


class AccountUnmapped(Fact):
    """The user isn't the one of a source's account any more; what it said stays theirs."""

    topic: ClassVar[str] = "account_unmapped.v1"
    type_name: ClassVar[str] = "account_unmapped"
    source: SourceName
    account: Text


# What the operator says of a source, in the stream of that source.


class SourceKind(StrEnum):
    """What kind of server tells, and so in which formats."""

    PLEX = "plex"
    JELLYFIN = "jellyfin"
    EMBY = "emby"
    TAUTULLI = "tautulli"
    KODI = "kodi"


class UnknownAccounts(StrEnum):
    """What becomes of what an account says that is nobody's: it waits, or makes a user."""

    HOLD = "hold"
    CREATE = "create"


class SourceConfigured(Fact):
    """A media server may tell by itself; all that is set of it, as it is from now on.

    `shelves` says by the server's libraries, or by `movie` and `show`, on which shelf its things
    stand; `places`, whether it may place what the catalog doesn't have.
    """

    topic: ClassVar[str] = "source_configured.v1"
    type_name: ClassVar[str] = "source_configured"
    kind: Annotated[SourceKind, Field(strict=False)]
    unknown_accounts: Annotated[UnknownAccounts, Field(strict=False)] = UnknownAccounts.HOLD
    shelves: Mapping[Text, ItemId] = Field(default_factory=dict)
    places: bool = True
    isolation_mode: Annotated[IsolationMode, Field(strict=False)] = IsolationMode.LOUD


class SourceSecretIssued(Fact):
    """A new secret of a source's address, of which only the SHA-256 in hexadecimal is kept."""

    topic: ClassVar[str] = "source_secret_issued.v1"
    type_name: ClassVar[str] = "source_secret_issued"
    secret_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class SourceRemoved(Fact):
    """The source is no more, nor are its accounts anybody's; what it told stays."""

    topic: ClassVar[str] = "source_removed.v1"
    type_name: ClassVar[str] = "source_removed"


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
    year: Year | None = None
    released_at: ReleasedAt | None = None


class ItemPlaced(Fact):
    """An item that the catalog did not have stands under its parent (rule 4).

    One that `stands_in` was placed since a client told of it that no library had listed.
    """

    topic: ClassVar[str] = "item_placed.v3"
    older_topics: ClassVar[tuple[str, ...]] = ("item_placed.v2", "item_placed.v1")
    type_name: ClassVar[str] = "item_placed"
    item: ItemId
    parent: ItemId | None = None
    details: Details = Details()
    stands_in: bool = False


class ItemMoved(Fact):
    """An item, with all under it, stands under another parent from now on (rule 4)."""

    topic: ClassVar[str] = "item_moved.v1"
    type_name: ClassVar[str] = "item_moved"
    item: ItemId
    parent: ItemId


class ItemDescribed(Fact):
    """The item's details, all of them, as they are from now on."""

    topic: ClassVar[str] = "item_described.v2"
    older_topics: ClassVar[tuple[str, ...]] = ("item_described.v1",)
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


class ItemLinked(Fact):
    """An item and another of its kind are one work from now on, and for all that was said.

    `same_as` is the other (rule 24).
    """

    topic: ClassVar[str] = "item_linked.v1"
    type_name: ClassVar[str] = "item_linked"
    item: ItemId
    same_as: ItemId


class ItemUnlinked(Fact):
    """An item is a work of its own again (rule 24)."""

    topic: ClassVar[str] = "item_unlinked.v1"
    type_name: ClassVar[str] = "item_unlinked"
    item: ItemId


# What is left of users that were erased.


class Erased(Fact):
    """In place of an event that was erased: it says nothing any more (rule 31)."""

    topic: ClassVar[str] = "erased.v1"
    type_name: ClassVar[str] = "erased"


class Covered(BaseModel):
    """The events that an erasure emptied or took a name out of, and a digest over what they are."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
    erasure: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    events: Annotated[int, Field(ge=1)]
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class UserErased(Fact):
    """A user was erased, who isn't named (rule 31), in the stream of erasures.

    `events` is how many were emptied. `covers` is all that erasures have changed so far, the
    earlier ones too: they may have changed the same events.
    """

    topic: ClassVar[str] = "user_erased.v1"
    type_name: ClassVar[str] = "user_erased"
    events: Annotated[int, Field(ge=0)]
    covers: tuple[Covered, ...] = ()


# Each list stands once, as a union: `match` is held against it, and the tuples are made of it.

Spoken = ItemWatched | ItemUnwatched | ProgressReported
Activity = Spoken | ActivityRetracted | ItemDismissed | ItemRecalled | ItemRestarted
DeviceUserEvent = (
    DeviceUserRegistered
    | DeviceDescribed
    | IsolationModeChanged
    | TokenIssued
    | TokenRevoked
    | DeviceUserReassigned
    | DeviceUserRetired
    | DeviceUserReinstated
)
CatalogEvent = (
    ItemPlaced | ItemMoved | ItemDescribed | ItemHidden | ItemRestored | ItemLinked | ItemUnlinked
)
AccountEvent = AccountMapped | AccountUnmapped
SourceEvent = SourceConfigured | SourceSecretIssued | SourceRemoved
ErasureEvent = Erased | UserErased
Event = (
    Activity
    | DeviceUserEvent
    | AccessChanged
    | AccountEvent
    | SourceEvent
    | CatalogEvent
    | ErasureEvent
)

SPOKEN: tuple[type[Spoken], ...] = get_args(Spoken)
ACTIVITY: tuple[type[Activity], ...] = get_args(Activity)
DEVICE_USER: tuple[type[DeviceUserEvent], ...] = get_args(DeviceUserEvent)
CATALOG: tuple[type[CatalogEvent], ...] = get_args(CatalogEvent)
EVENT_CLASSES: tuple[type[Event], ...] = get_args(Event)

CATALOG_STREAM = "catalog"
ERASURES_STREAM = "erasures"


def device_user_stream(cduid: str) -> str:
    """The stream of what is said by a device user, and of it: `cduid:…`."""
    return f"cduid:{cduid}"


def user_stream(user: str) -> str:
    """The stream of a user's settings: `user:…`."""
    return f"user:{user}"


def source_stream(source: str) -> str:
    """The stream of what is set of a source: `source:…`."""
    return f"source:{source}"


def erased_stream(name: str) -> str:
    """What a stream is called once it is erased, by a name that says nothing."""
    return f"erased:{name}"


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


def topics_of(classes: Iterable[type[Event]]) -> tuple[str, ...]:
    """All topics that events of these classes stand in the ledger under, today's first."""
    return tuple(topic for cls in classes for topic in (cls.topic, *cls.older_topics))


def at_us(event: Event, recorded_at_us: int) -> int:
    """When an event counts as having happened: a clock that runs ahead can't win (rule 1)."""
    if not isinstance(event, ActivityFact):
        return recorded_at_us
    if is_undated(event):
        return UNDATED_AT_US
    if event.occurred_at is None or not gives_time(event):
        return recorded_at_us
    occurred_us = to_us(event.occurred_at)
    if event.clock_offset_seconds is not None:
        occurred_us += round(event.clock_offset_seconds * 1_000_000)
    return max(UNDATED_AT_US, min(occurred_us, recorded_at_us))


def is_undated(event: ActivityFact) -> bool:
    """Whether it is a watch of which no time is known: so it says, or by the first instant of 1970,
    as trackers have it (rules 1 and 25).
    """
    return isinstance(event, ItemWatched) and (event.undated or event.occurred_at == EPOCH)


def gives_time(event: ActivityFact) -> bool:
    """Whether it says when it happened. A clock that was never set shows January 1970 (rule 1)."""
    occurred_at = event.occurred_at
    if occurred_at is None or occurred_at.year > EPOCH.year:  # a year compares faster
        return occurred_at is not None
    return not EPOCH <= occurred_at < _CLOCK_WAS_SET_AT
