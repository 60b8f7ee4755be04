"""What the command handler decides, in memory: steps of a life become events, and events a log.

Steps are always possible: a device user registers when it first does something, an item's missing
parents are placed before it, and what would change nothing records nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any, NamedTuple, assert_never
from uuid import UUID

from domain.events import (
    ACTIVITY,
    CATALOG,
    CATALOG_STREAM,
    SPOKEN,
    AccessChanged,
    Activity,
    ActivityRetracted,
    CatalogEvent,
    Details,
    DeviceUserReassigned,
    DeviceUserRegistered,
    DeviceUserReinstated,
    DeviceUserRetired,
    Event,
    IsolationMode,
    IsolationModeChanged,
    ItemDescribed,
    ItemDismissed,
    ItemHidden,
    ItemLinked,
    ItemMoved,
    ItemPlaced,
    ItemRecalled,
    ItemRestarted,
    ItemRestored,
    ItemUnlinked,
    ItemUnwatched,
    ItemWatched,
    ProgressReported,
    Recorded,
    device_user_stream,
    user_stream,
)
from domain.instants import from_us
from domain.items import is_watchable, kind_of
from tests.reference.steps import (
    ActivityStep,
    CatalogStep,
    ChangeAccess,
    ChangeMode,
    Clock,
    DeviceUserStep,
    Dismiss,
    Hide,
    Link,
    Progress,
    Put,
    Reassign,
    Recall,
    Restart,
    Restore,
    Resubmit,
    Retire,
    Retract,
    Step,
    Target,
    Unlink,
    Unwatch,
    Watch,
)
from tests.reference.times import CLOCK_AT_ZERO, at_us
from tests.reference.universe import DEVICE_USERS, DEVICES, HOMES

BEGIN_US = 1_700_000_000_000_000
SLOT_US = 300_000_000
"""Between one step and the next: five minutes."""
SLOW_BY_SECONDS = 3600.0
PROMISED, NEVER = 10**6, 10**9
"""From here on number the ids that are retracted before they are used, and those that never are."""

ON_AN_ITEM: dict[type, type[ItemDismissed | ItemRecalled | ItemRestarted]] = {
    Dismiss: ItemDismissed,
    Recall: ItemRecalled,
    Restart: ItemRestarted,
}


class Entry(NamedTuple):
    stream: str
    event: Event
    submission_id: UUID | None
    user: str | None


class Submission(NamedTuple):
    """What one step hands to the ledger, in one piece, at one time."""

    now_us: int
    entries: tuple[Entry, ...]


@dataclass
class World:
    """What the command handler knows after the steps so far."""

    parents: dict[str, str | None] = field(default_factory=dict)
    details: dict[str, Details] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    modes: dict[str, IsolationMode] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=lambda: dict(DEVICE_USERS))
    retired: set[str] = field(default_factory=set)
    access: dict[str, AccessChanged] = field(default_factory=dict)
    works: dict[str, frozenset[str]] = field(default_factory=dict)
    sent: list[Entry] = field(default_factory=list)
    promised: dict[str, UUID] = field(default_factory=dict)
    steps: int = 0

    def submit(self, step: Step) -> Submission:
        self.steps += 1
        return Submission(self.now_us, tuple(self._decide(step)))

    @property
    def now_us(self) -> int:
        return BEGIN_US + self.steps * SLOT_US

    def _decide(self, step: Step) -> list[Entry]:
        match step:
            case Put() | Hide() | Restore() | Link() | Unlink():
                return [Entry(CATALOG_STREAM, event, None, None) for event in self._catalog(step)]
            case ChangeMode() | Reassign() | Retire():
                return self._change_device_user(step)
            case ChangeAccess(user=user, access=access):
                if self.access.get(user, AccessChanged()) == access:
                    return []
                self.access[user] = access
                return [Entry(user_stream(user), access, None, user)]
            case Resubmit():
                return self._resubmit(step)
            case _:
                return [*self._register(step.cduid), *self._act(step)]

    # The catalog.

    def _catalog(self, step: CatalogStep) -> list[CatalogEvent]:
        item = step.item
        match step:
            case Put():
                return self._put(step)
            case Hide() if item in self.parents and item not in self.hidden:
                self.hidden.add(item)
                return [ItemHidden(item=item)]
            case Restore() if item in self.hidden:
                return self._restore(item)
            case Link(same_as=other):
                return self._link(item, other)
            case Unlink():
                return self._unlink(item)
            case _:
                return []

    def _put(self, put: Put) -> list[CatalogEvent]:
        if put.item in self.parents:
            return self._upsert(put)
        home = HOMES[put.item]
        return self._place(put.item, put.parent or home.parent, put.details or home.details)

    def _link(self, item: str, other: str) -> list[CatalogEvent]:
        known = {item, other} <= self.parents.keys() and is_watchable(item)
        work = self._work(item) | self._work(other)
        if not known or kind_of(item) != kind_of(other) or self._work(item) == work:
            return []
        self.works |= dict.fromkeys(work, work)
        return [ItemLinked(item=item, same_as=other)]

    def _unlink(self, item: str) -> list[CatalogEvent]:
        rest = self._work(item) - {item}
        if not rest:
            return []
        self.works |= {item: frozenset({item}), **dict.fromkeys(rest, rest)}
        return [ItemUnlinked(item=item)]

    def _work(self, item: str) -> frozenset[str]:
        return self.works.get(item, frozenset({item}))

    def _place(self, item: str, parent: str | None, details: Details) -> list[CatalogEvent]:
        above = self._above(parent)
        self.parents[item], self.details[item] = parent, details
        return [*above, ItemPlaced(item=item, parent=parent, details=details)]

    def _above(self, parent: str | None) -> list[CatalogEvent]:
        if parent is None or parent in self.parents:
            return []
        return self._place(parent, *HOMES[parent])

    def _upsert(self, put: Put) -> list[CatalogEvent]:
        item, events = put.item, list[CatalogEvent]()
        if put.parent is not None and put.parent != self.parents[item]:
            events += [*self._above(put.parent), ItemMoved(item=item, parent=put.parent)]
            self.parents[item] = put.parent
        if put.details is not None and put.details != self.details[item]:
            events.append(ItemDescribed(item=item, details=put.details))
            self.details[item] = put.details
        return [*events, *self._restore(item)]

    def _restore(self, item: str) -> list[CatalogEvent]:
        if item not in self.hidden:
            return []
        self.hidden.remove(item)
        return [ItemRestored(item=item)]

    # Device users.

    def _register(self, cduid: str, mode: IsolationMode = IsolationMode.LOUD) -> list[Entry]:
        if cduid in self.modes:
            return []
        self.modes[cduid] = mode
        user = self.users[cduid]
        event = DeviceUserRegistered(user=user, device=DEVICES[cduid], isolation_mode=mode)
        return [self._entry(cduid, event)]

    def _change_device_user(self, step: DeviceUserStep) -> list[Entry]:
        match step:
            case ChangeMode(cduid=cduid, mode=mode):
                return self._change_mode(cduid, mode)
            case Reassign(cduid=cduid, user=user):
                return self._reassign(cduid, user)
            case Retire(cduid=cduid):
                return self._retire(cduid)

    def forget(self, user: str) -> None:
        """A user was erased: whoever comes under the same names is new."""
        for cduid in [each for each, owner in self.users.items() if owner == user]:
            self.users[cduid] = DEVICE_USERS[cduid]
            self.modes.pop(cduid, None)
            self.retired.discard(cduid)
        self.access.pop(user, None)
        self.sent = [each for each in self.sent if each.user != user]

    def _change_mode(self, cduid: str, mode: IsolationMode) -> list[Entry]:
        if cduid not in self.modes:
            return self._register(cduid, mode)
        if self.modes[cduid] == mode:
            return []
        self.modes[cduid] = mode
        return [self._entry(cduid, IsolationModeChanged(isolation_mode=mode))]

    def _reassign(self, cduid: str, user: str) -> list[Entry]:
        registered = self._register(cduid)
        if self.users[cduid] == user:
            return registered
        self.users[cduid] = user
        return [*registered, self._entry(cduid, DeviceUserReassigned(user=user))]

    def _retire(self, cduid: str) -> list[Entry]:
        registered = self._register(cduid)
        self.retired ^= {cduid}
        event = DeviceUserRetired() if cduid in self.retired else DeviceUserReinstated()
        return [*registered, self._entry(cduid, event)]

    # Activity.

    def _act(self, step: ActivityStep) -> list[Entry]:
        """What is said, in the stream of whoever said it and of those who are named, too (rule 29).

        What is said of a container that the catalog doesn't know is refused.
        """
        item: str | None = getattr(step, "item", None)
        if item is not None and not is_watchable(item) and item not in self.parents:
            return []
        submission_id = self._next_id(step.cduid)
        event = self._event(step)
        others = [c for c in DEVICES if c != step.cduid and DEVICES[c] == DEVICES[step.cduid]]
        named = [c for c in others if self.users[c] in getattr(step, "beside", ())]
        said = [self._entry(cduid, event, submission_id) for cduid in (step.cduid, *named)]
        self.sent += said
        return [*(each for cduid in named for each in self._register(cduid)), *said]

    def _next_id(self, cduid: str) -> UUID:
        return self.promised.pop(cduid, None) or UUID(int=self.steps)

    def _retracted(self, retract: Retract) -> UUID:
        own = [e for e in self.sent if e.stream == device_user_stream(retract.cduid)]
        match retract.back:
            case int(back) if own:
                named = own[-1 - back % len(own)].submission_id
                assert named is not None
                return named
            case Target.NEXT:
                self.promised.setdefault(retract.cduid, UUID(int=PROMISED + self.steps))
                return self.promised[retract.cduid]
            case _:
                return UUID(int=NEVER + self.steps)

    def _event(self, step: ActivityStep) -> Activity:
        time = self._time(step.slots_ago, getattr(step, "clock", Clock.RIGHT))
        match step:
            case Watch():
                return _watch(step, time)
            case Unwatch(item=item, beside=users):
                return ItemUnwatched(item=item, with_users=users, **time)
            case Progress():
                return _progress(step, time)
            case Retract():
                return ActivityRetracted(retracts=self._retracted(step), **time)
            case Dismiss() | Recall() | Restart():
                return ON_AN_ITEM[type(step)](item=step.item, **time)
            case _:
                assert_never(step)

    def _time(self, slots_ago: int | None, clock: Clock) -> dict[str, Any]:
        """What a player says of the time: none, or what its clock showed."""
        if slots_ago is None:
            return {}
        when = from_us(self.now_us) - timedelta(microseconds=slots_ago * SLOT_US)
        match clock:
            case Clock.RIGHT:
                return {"occurred_at": when}
            case Clock.SLOW:
                shown = when - timedelta(seconds=SLOW_BY_SECONDS)
                return {"occurred_at": shown, "clock_offset_seconds": SLOW_BY_SECONDS}
            case Clock.NEVER_SET:
                return {"occurred_at": CLOCK_AT_ZERO + timedelta(days=5, minutes=self.steps)}
            case Clock.AT_ZERO:
                return {"occurred_at": CLOCK_AT_ZERO}
            case _:
                assert_never(clock)

    def _resubmit(self, step: Resubmit) -> list[Entry]:
        if not self.sent:
            return []
        first = self.sent[-1 - step.back % len(self.sent)]
        event = first.event
        if step.item is not None and isinstance(event, SPOKEN):
            event = event.model_copy(update={"item": step.item})
        cduid = step.cduid or first.stream.removeprefix("cduid:")
        again = self._entry(cduid, event, first.submission_id)
        if (again.stream, again.submission_id) not in {e[:3:2] for e in self.sent}:
            self.sent.append(again)
        return [*self._register(cduid), again]

    def _entry(self, cduid: str, event: Event, submission_id: UUID | None = None) -> Entry:
        return Entry(device_user_stream(cduid), event, submission_id, self.users[cduid])


def _watch(step: Watch, time: dict[str, Any]) -> ItemWatched:
    when = {"undated": True} if step.undated else time
    return ItemWatched(
        item=step.item,
        duration_seconds=step.duration_seconds,
        with_users=step.beside,
        **when,
    )


def _progress(step: Progress, time: dict[str, Any]) -> ProgressReported:
    told: dict[str, Any] = {"share": step.share}
    if step.share is None:
        told = {
            "played_seconds": step.played_seconds,
            "duration_seconds": step.duration_seconds,
        }
    return ProgressReported(
        item=step.item, state=step.state, with_users=step.beside, **told, **time
    )


def submissions(steps: Iterable[Step]) -> list[Submission]:
    """What a life's steps hand to the ledger, one submission a step, some of them empty."""
    world = World()
    return [world.submit(step) for step in steps]


def record(submitted: Iterable[Submission]) -> list[Recorded]:
    """The log that a ledger makes of submissions (rules 1 to 3): repeated ids record nothing."""
    log: list[Recorded] = []
    versions: dict[str, int] = {}
    known: set[tuple[str, UUID]] = set()
    recorded_at_us = 0
    for now_us, entries in submitted:
        recorded_at_us = max(now_us, recorded_at_us)
        for entry in entries:
            if entry.submission_id is not None:
                if (entry.stream, entry.submission_id) in known:
                    continue
                known.add((entry.stream, entry.submission_id))
            versions[entry.stream] = versions.get(entry.stream, 0) + 1
            log.append(_recorded(len(log) + 1, entry, versions, recorded_at_us))
    return log


def _recorded(
    position: int, entry: Entry, versions: dict[str, int], recorded_at_us: int
) -> Recorded:
    return Recorded(
        position=position,
        stream=entry.stream,
        version=versions[entry.stream],
        recorded_at_us=recorded_at_us,
        at_us=at_us(entry.event, recorded_at_us),
        catalog_version=versions.get(CATALOG_STREAM, 0),
        submission_id=entry.submission_id,
        user=entry.user,
        event=entry.event,
    )


def log_of(*steps: Step) -> list[Recorded]:
    return record(submissions(steps))


def settled_then_spoken(
    steps: Sequence[Step],
) -> tuple[list[Submission], list[Submission]]:
    """A life told apart for rule 2: all catalog and settings first, then what viewers said.

    The second list may arrive in any order: each says when, in a slot of its own long past, while
    the catalog came to be.
    """
    entries = [entry for submission in submissions(steps) for entry in submission.entries]
    spoken = _named_anew([e for e in entries if isinstance(e.event, ACTIVITY)])
    settled = [e for e in entries if not isinstance(e.event, ACTIVITY)]
    settled.sort(key=lambda e: isinstance(e.event, CATALOG), reverse=True)
    began_us = BEGIN_US // 2
    return (
        [Submission(began_us + n * SLOT_US, (entry,)) for n, entry in enumerate(settled)],
        [Submission(BEGIN_US, (_at_slot(e, n),)) for n, e in enumerate(spoken)],
    )


def _named_anew(spoken: Sequence[Entry]) -> list[Entry]:
    """Each under an id of its own, what is sent again too; retractions name the first of theirs."""
    numbers = count(1)
    anew = [entry._replace(submission_id=UUID(int=next(numbers))) for entry in spoken]
    first: dict[tuple[str, UUID | None], UUID | None] = {}
    for old, new in zip(spoken, anew, strict=True):
        first.setdefault((old.stream, old.submission_id), new.submission_id)
    return [_naming(entry, first) for entry in anew]


def _naming(entry: Entry, first: dict[tuple[str, UUID | None], UUID | None]) -> Entry:
    if not isinstance(entry.event, ActivityRetracted):
        return entry
    named = entry.event.retracts
    retracts = first.get((entry.stream, named), named)
    return entry._replace(event=entry.event.model_copy(update={"retracts": retracts}))


def _at_slot(entry: Entry, slot: int) -> Entry:
    """Told anew, years ago."""
    told: dict[str, Any] = {
        "occurred_at": from_us(BEGIN_US // 2 + slot * SLOT_US + SLOT_US // 2),
        "clock_offset_seconds": None,
    }
    if isinstance(entry.event, ItemWatched):
        told["undated"] = False
    return entry._replace(event=entry.event.model_copy(update=told))
