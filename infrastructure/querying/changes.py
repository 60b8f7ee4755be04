"""Changes: what is different for whom since a position, from the ledger's own rows.

A page is read once for all who listen, and each of them is told of it by the watch group and the
limits that its device user has by now. What rule 15 withholds is told to nobody, and whoever sees
nothing of a page isn't told of it at all: a silo doesn't notice how busy a household is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from domain.access import Access
from domain.directory import DeviceUser, Directory
from domain.events import (
    ACTIVITY,
    CATALOG,
    ActivityRetracted,
    CatalogEvent,
    DeviceDescribed,
    DeviceUserReassigned,
    IsolationMode,
    Recorded,
    TokenIssued,
    TokenRevoked,
    device_user_stream,
)
from infrastructure.ledger.mapper import decode
from infrastructure.ledger.reader import read, read_settings, read_tail
from infrastructure.ledger.statements import statements_of
from infrastructure.querying.reader import Snapshot
from infrastructure.querying.touched_items import (
    Sight,
    TouchedItems,
    add_catalog_event,
    touched_by_activity,
)
from projections.driver import driver_of

PAGE_MAX = 5_000
"""So many events are told of at a time; more that somebody has missed are too much to tell."""

_OF_NO_CONSEQUENCE = (DeviceDescribed, TokenIssued, TokenRevoked)
_SEEING = frozenset({IsolationMode.LOUD, IsolationMode.QUIET})


@dataclass(frozen=True, slots=True)
class Changed:
    """What is different: these items, and with `is_more` others, too.

    `next_up`: what comes next may be another; `history`: there is something new in the history.
    """

    items: Sequence[str]
    is_more: bool
    next_up: bool
    history: bool


class ChangesPage:
    """Events up to a position, and what they changed for anybody.

    `directory` is as of the position or later, `before` as of the page before, if there was one.
    `retracted` says which items the page's retractions are about, by their own positions.
    """

    def __init__(
        self,
        events: Sequence[Recorded],
        position: int,
        directory: Directory,
        before: Directory | None = None,
        retracted: dict[int, str] | None = None,
    ) -> None:
        self.position = position
        self.directory = directory
        self._before = before
        self._retracted = retracted or {}
        self._said: dict[str, list[Recorded]] = {}
        self._catalog_events: list[tuple[CatalogEvent, int]] = []
        self._unsettled: dict[str, set[str | None]] = {}
        self._is_owner_unknown = False
        self._by_group: dict[str, Changed | None] = {}
        self._in_catalog: dict[Access | None, TouchedItems] = {}
        for recorded in events:
            self._sort_in(recorded)

    def _sort_in(self, recorded: Recorded) -> None:
        event, cduid = recorded.event, recorded.cduid
        if isinstance(event, CATALOG):
            self._catalog_events.append((event, recorded.version))
        elif cduid is not None:
            self._said.setdefault(cduid, []).append(recorded)
        if isinstance(event, DeviceUserReassigned) and self._before is None:
            self._is_owner_unknown = True
        if not isinstance(event, (*CATALOG, *ACTIVITY, *_OF_NO_CONSEQUENCE)):
            for user in self._users_of(recorded):
                self._unsettled.setdefault(user, set()).add(cduid)

    def _users_of(self, recorded: Recorded) -> set[str]:
        """Whose answers a setting has a say in: also the user's who had the device user before."""
        known = (each.device_users.get(recorded.cduid or "") for each in self._directories())
        users = {recorded.user, *(each.user for each in known if each is not None)}
        return {user for user in users if user is not None}

    def _directories(self) -> Iterable[Directory]:
        return (self.directory,) if self._before is None else (self.directory, self._before)

    def seen_by(self, cduid: str) -> Changed | None:
        """What changed for a device user; None if that is nothing, or it isn't there any more."""
        viewer = self.directory.device_users.get(cduid)
        if viewer is None:
            return None
        if viewer.watch_group not in self._by_group:
            self._by_group[viewer.watch_group] = self._for(viewer)
        return self._by_group[viewer.watch_group]

    def _for(self, viewer: DeviceUser) -> Changed | None:
        by = self._unsettled.get(viewer.user, set())
        # Whoever lost a device user can't be told apart where nobody remembers whose it was.
        is_of_group = bool(by) or self._is_owner_unknown
        is_unsettled = not by.isdisjoint({viewer.cduid, None}) or (
            is_of_group and viewer.isolation_mode in _SEEING
        )
        members = self.directory.members(viewer.watch_group)
        return self._changed(members, self.directory.access(viewer.user), is_unsettled=is_unsettled)

    def seen_by_admin(self) -> Changed | None:
        """What changed for anybody."""
        return self._changed(self._said, None, is_unsettled=bool(self._unsettled))

    def _changed(
        self, cduids: Iterable[str], access: Access | None, *, is_unsettled: bool
    ) -> Changed | None:
        sight = self._sight(access)
        touched = TouchedItems()
        touched.is_more = is_unsettled
        told = [item for cduid in cduids for item in self._told_of(cduid, sight)]
        for item in dict.fromkeys(told):
            if item is not None:
                touched.add(touched_by_activity(sight.catalog, item), sight.shows)
        touched.update(self._touched_in_catalog(access))
        next_up = bool(touched) or any(item in sight.catalog for item in told)
        if not (next_up or told):
            return None
        return Changed(touched.items, touched.is_more, next_up, bool(told))

    def _sight(self, access: Access | None) -> Sight:
        before = None if self._before is None else self._before.catalog
        return Sight(self.directory.catalog, before, access)

    def _told_of(self, cduid: str, sight: Sight) -> Iterator[str | None]:
        """The item of each thing said on a device user, but for what is withheld."""
        for recorded in self._said.get(cduid, ()):
            item = self._retracted.get(recorded.position) or getattr(recorded.event, "item", None)
            if item is None or sight.lets_through(item):
                yield item

    def _touched_in_catalog(self, access: Access | None) -> TouchedItems:
        """By the limits alone, which most have in common: none."""
        if access not in self._in_catalog:
            found = self._in_catalog[access] = TouchedItems()
            for event, version in self._catalog_events:
                if not found.is_full:
                    add_catalog_event(found, self._sight(access), event, version)
        return self._in_catalog[access]


def next_page(snapshot: Snapshot, after: int, before: Directory) -> ChangesPage | None:
    """The next page of what is projected behind a position; None if there is nothing new."""
    limit = min(PAGE_MAX, snapshot.position - after)  # positions have no gap
    if limit <= 0:
        return None
    events = read(snapshot.connection, after, limit)
    return _page(snapshot, events, events[-1].position, before)


def missed_page(snapshot: Snapshot, after: int, cduid: str | None) -> ChangesPage | None:
    """All that came after a position, as far as it can concern a device user, or else anybody.

    None if that is too much to tell. Takes time by what it is, however long ago the position is.
    """
    connection, position = snapshot.connection, snapshot.position
    if cduid is None:
        if position - after > PAGE_MAX:
            return None
        return _page(snapshot, read(connection, after, max(0, position - after)), position)
    events = read_settings(connection, after, position, PAGE_MAX + 1)
    for member in snapshot.directory.members(snapshot.directory.device_users[cduid].watch_group):
        for recorded in read_tail(connection, device_user_stream(member), after):
            if len(events) > PAGE_MAX:
                return None
            if recorded.submission_id is not None and recorded.position <= position:
                events.append(recorded)
    return _page(snapshot, events, position) if len(events) <= PAGE_MAX else None


def _page(
    snapshot: Snapshot, events: list[Recorded], position: int, before: Directory | None = None
) -> ChangesPage:
    retracted = retracted_items(snapshot.connection, events)
    return ChangesPage(events, position, snapshot.directory, before, retracted)


def retracted_items(connection: Connection, events: Iterable[Recorded]) -> dict[int, str]:
    """Which items retractions are about, by their positions; nothing of what never came."""
    keys = {
        each.position: (each.stream, each.event.retracts.hex)
        for each in events
        if isinstance(each.event, ActivityRetracted)
    }
    if not keys:
        return {}
    statements = statements_of(connection.dialect.name)
    _, found = statements.look(driver_of(connection), (), list(dict.fromkeys(keys.values())))
    items: dict[int, str] = {}
    for position, key in keys.items():
        if (submitted := found.submitted.get(key)) is not None:
            item = getattr(decode(submitted.topic, submitted.state), "item", None)
            items |= {} if item is None else {position: item}
    return items
