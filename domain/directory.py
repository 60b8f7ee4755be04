"""Everything the ledger knows besides activity: catalog, device users, sources, who may see what.

It is small beside the activity and every part of the system needs it: commands to decide by, the
projector to fold by, a reader to answer by. Each folds it from the ledger's own events.
"""

from copy import copy
from dataclasses import dataclass, replace
from typing import assert_never

from domain.access import NO_LIMITS, Access
from domain.catalog import Catalog
from domain.events import (
    AccessChanged,
    AccountEvent,
    AccountMapped,
    AccountUnmapped,
    ActivityFact,
    DeviceDescribed,
    DeviceUserEvent,
    DeviceUserReassigned,
    DeviceUserRegistered,
    DeviceUserReinstated,
    DeviceUserRetired,
    Erased,
    IsolationMode,
    IsolationModeChanged,
    ItemDescribed,
    ItemHidden,
    ItemLinked,
    ItemMoved,
    ItemPlaced,
    ItemRestored,
    ItemUnlinked,
    Recorded,
    SourceConfigured,
    SourceEvent,
    SourceRemoved,
    SourceSecretIssued,
    TokenIssued,
    TokenRevoked,
    UserErased,
    device_user_stream,
    user_stream,
)
from domain.source import Source

_SHARING = frozenset({IsolationMode.LOUD, IsolationMode.SHOUT})
_SEEING = frozenset({IsolationMode.LOUD, IsolationMode.QUIET})


@dataclass(frozen=True, slots=True)
class DeviceUser:
    """One user on one device as it is now; without `token_sha256` its device can't call."""

    cduid: str
    user: str
    device: str
    isolation_mode: IsolationMode
    reported_name: str | None = None
    display_name: str | None = None
    kind: str | None = None
    token_sha256: str | None = None
    is_retired: bool = False

    @property
    def watch_group(self) -> str:
        """The id of the watch group that this device user looks at.

        Loud device users of one user all see the same; everyone else has a group of their own.
        """
        if self.isolation_mode is IsolationMode.LOUD:
            return f"user:{self.user}"
        return f"cduid:{self.cduid}"


class Directory:
    """A fold of every event that isn't activity. `position` is that of the last event folded.

    `devices` says by device which of its device users was last said anything about: the names
    that this one has are the device's.
    """

    def __init__(self) -> None:
        self.position = 0
        self.catalog = Catalog()
        self.device_users: dict[str, DeviceUser] = {}
        self.devices: dict[str, DeviceUser] = {}
        self.reassigned: frozenset[str] = frozenset()
        self.sources: dict[str, Source] = {}
        self._cduids: dict[str, list[str]] = {}
        self._access: dict[str, Access] = {}
        self._groups: dict[str, dict[str, tuple[str, ...]]] = {}

    def evolve(self, recorded: Recorded) -> None:
        """Take in one event; activity changes nothing here."""
        event = recorded.event
        match event:
            case (
                ItemPlaced()
                | ItemMoved()
                | ItemDescribed()
                | ItemHidden()
                | ItemRestored()
                | ItemLinked()
                | ItemUnlinked()
            ):
                self.catalog.evolve(
                    event, recorded.version, recorded.recorded_at_us, recorded.position
                )
            case AccessChanged():
                self._access[_owner(recorded)] = Access(
                    None if event.allowed_shelves is None else frozenset(event.allowed_shelves),
                    None if event.allowed_tags is None else frozenset(event.allowed_tags),
                    frozenset(event.denied_tags),
                )
            case (
                DeviceUserRegistered()
                | DeviceDescribed()
                | IsolationModeChanged()
                | TokenIssued()
                | TokenRevoked()
                | DeviceUserReassigned()
                | DeviceUserRetired()
                | DeviceUserReinstated()
            ):
                self._evolve_device_user(_owner(recorded), event)
            case AccountMapped() | AccountUnmapped():
                self._evolve_accounts(_owner(recorded), event)
            case SourceConfigured() | SourceSecretIssued() | SourceRemoved():
                self._evolve_source(_owner(recorded), event)
            case ActivityFact() | Erased() | UserErased():
                pass
            case _:
                assert_never(event)
        self.position = recorded.position

    def _evolve_source(self, name: str, event: SourceEvent) -> None:
        if isinstance(event, SourceRemoved):
            self.sources.pop(name, None)
        else:
            self.sources[name] = self.sources.get(name, Source(name)).evolved(event)

    def _evolve_accounts(self, user: str, event: AccountEvent) -> None:
        source = self.sources.get(event.source)
        if source is not None:  # it may have been removed while an account was mapped
            self.sources[event.source] = source.with_account(user, event)

    def _evolve_device_user(self, cduid: str, event: DeviceUserEvent) -> None:
        match event:
            case DeviceUserRegistered():
                self._register(cduid, event)
            case DeviceUserReassigned():
                self._reassign(cduid, event.user)
            case _:
                self.device_users[cduid] = _changed(self.device_users[cduid], event)
        device_user = self.device_users[cduid]
        self.devices[device_user.device] = device_user
        self._groups.pop(device_user.user, None)

    def _register(self, cduid: str, event: DeviceUserRegistered) -> None:
        self._cduids[event.user] = [*self.cduids(event.user), cduid]
        self.device_users[cduid] = DeviceUser(
            cduid,
            event.user,
            event.device,
            event.isolation_mode,
            event.reported_name,
            event.display_name,
            event.kind,
        )

    def _reassign(self, cduid: str, user: str) -> None:
        known = self.device_users[cduid]
        self._cduids[known.user] = [each for each in self.cduids(known.user) if each != cduid]
        self._groups.pop(known.user, None)
        self._cduids[user] = [*self.cduids(user), cduid]
        self.device_users[cduid] = replace(known, user=user)
        self.reassigned |= {cduid}

    def fork(self) -> "Directory":
        """A directory as this one is; from here on each of the two goes its own way."""
        other = Directory()
        other.position = self.position
        other.catalog = self.catalog.fork()
        other.device_users = dict(self.device_users)
        other.devices = dict(self.devices)
        other.reassigned = self.reassigned
        other.sources = dict(self.sources)
        other._cduids = dict(self._cduids)
        other._access = dict(self._access)
        other._groups = dict(self._groups)
        return other

    def with_catalog(self, catalog: Catalog) -> "Directory":
        """All as it is here, beside another catalog; only that may go on."""
        other = copy(self)
        other.catalog = catalog
        return other

    def access(self, user: str) -> Access:
        """A user's limits; none for a user of whom nothing was said."""
        return self._access.get(user, NO_LIMITS)

    def cduids(self, user: str) -> list[str]:
        """The user's device users, in the order in which they became theirs."""
        return self._cduids.get(user, [])

    def streams(self, user: str) -> tuple[str, ...]:
        """All that is the user's: what their device users said and what was said of them."""
        return user_stream(user), *map(device_user_stream, self.cduids(user))

    def knows_user(self, user: str) -> bool:
        """Whether the user has a device user or an account, or limits were ever set for them."""
        has_device_user_or_limits = bool(self.cduids(user)) or user in self._access
        return has_device_user_or_limits or any(
            account.user == user
            for source in self.sources.values()
            for account in source.accounts.values()
        )

    def user_like(self, name: str) -> str | None:
        """A user who is known and called so, without regard to case."""
        accounts = (each.accounts.values() for each in self.sources.values())
        known = {*self._cduids, *self._access, *(each.user for some in accounts for each in some)}
        folded = name.casefold()
        like = (user for user in sorted(known) if user.casefold() == folded)
        return next((user for user in like if self.knows_user(user)), None)

    def groups(self, user: str) -> dict[str, tuple[str, ...]]:
        """The watch groups that the user's device users look at: the members of each by its id."""
        found = self._groups.get(user)
        if found is None:
            found = self._groups[user] = self._find_groups(user)
        return found

    def _find_groups(self, user: str) -> dict[str, tuple[str, ...]]:
        everyone = [self.device_users[cduid] for cduid in self.cduids(user)]
        sharing = [other.cduid for other in everyone if other.isolation_mode in _SHARING]
        return {
            viewer.watch_group: tuple(
                sorted({viewer.cduid, *(sharing if viewer.isolation_mode in _SEEING else ())})
            )
            for viewer in everyone
        }

    def members(self, watch_group: str) -> tuple[str, ...]:
        """The cduids whose activity a watch group merges; none for a group that nobody looks at."""
        return self.groups(self.user_of_group(watch_group)).get(watch_group, ())

    def user_of_group(self, watch_group: str) -> str:
        """Whose a watch group is. Raises KeyError for the group of an unregistered cduid."""
        kind, _, name = watch_group.partition(":")
        return name if kind == "user" else self.device_users[name].user

    def groups_seeing(self, cduid: str) -> list[tuple[str, tuple[str, ...]]]:
        """The watch groups that `cduid` is a member of, each with all its members."""
        groups = self.groups(self.device_users[cduid].user)
        return [(group, members) for group, members in groups.items() if cduid in members]


def _owner(recorded: Recorded) -> str:
    return recorded.stream.partition(":")[2]


def _changed(
    device_user: DeviceUser,
    event: DeviceDescribed
    | IsolationModeChanged
    | TokenIssued
    | TokenRevoked
    | DeviceUserRetired
    | DeviceUserReinstated,
) -> DeviceUser:
    match event:
        case DeviceDescribed():
            return replace(
                device_user,
                reported_name=event.reported_name,
                display_name=event.display_name,
                kind=event.kind,
            )
        case IsolationModeChanged():
            return replace(device_user, isolation_mode=event.isolation_mode)
        case TokenIssued():
            return replace(device_user, token_sha256=event.token_sha256)
        case TokenRevoked():
            return replace(device_user, token_sha256=None)
        case DeviceUserRetired():
            return replace(device_user, is_retired=True, token_sha256=None)
        case DeviceUserReinstated():
            return replace(device_user, is_retired=False)
