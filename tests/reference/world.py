"""What the command handler decides, in memory: steps of a life become events, and events a log.

Steps are always possible: a device user registers when it first does something, an item's missing
parents are placed before it, and what would change nothing records nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from domain.events import (
    ACTIVITY,
    CATALOG,
    CATALOG_STREAM,
    AccessChanged,
    Details,
    DeviceUserRegistered,
    Event,
    IsolationMode,
    IsolationModeChanged,
    ItemDescribed,
    ItemHidden,
    ItemMoved,
    ItemPlaced,
    ItemRestored,
    ItemUnwatched,
    ItemWatched,
    ProgressReported,
    Recorded,
    at_us,
    device_user_stream,
    user_stream,
)
from domain.instants import from_us
from tests.reference.steps import (
    ChangeAccess,
    ChangeMode,
    Hide,
    Progress,
    Put,
    Restore,
    Resubmit,
    Step,
    Unwatch,
    Watch,
)
from tests.reference.universe import DEVICE_USERS, HOMES

BEGIN_US = 1_700_000_000_000_000
SLOT_US = 300_000_000
"""Between one step and the next: five minutes."""


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
    access: dict[str, AccessChanged] = field(default_factory=dict)
    sent: list[Entry] = field(default_factory=list)
    steps: int = 0

    def submit(self, step: Step) -> Submission:
        self.steps += 1
        return Submission(self.now_us, tuple(self._decide(step)))

    @property
    def now_us(self) -> int:
        return BEGIN_US + self.steps * SLOT_US

    def _decide(self, step: Step) -> list[Entry]:
        match step:
            case Put() | Hide() | Restore():
                return [Entry(CATALOG_STREAM, event, None, None) for event in self._catalog(step)]
            case ChangeMode(cduid=cduid, mode=mode):
                return self._change_mode(cduid, mode)
            case ChangeAccess(user=user, access=access):
                if self.access.get(user, AccessChanged()) == access:
                    return []
                self.access[user] = access
                return [Entry(user_stream(user), access, None, user)]
            case Resubmit():
                return self._resubmit(step)
            case _:
                entry = _entry(step.cduid, self._activity(step), UUID(int=self.steps))
                self.sent.append(entry)
                return [*self._register(step.cduid), entry]

    # The catalog.

    def _catalog(self, step: Put | Hide | Restore) -> list[Event]:
        item = step.item
        match step:
            case Put() if item in self.parents:
                return self._upsert(step)
            case Put(parent=parent, details=details):
                home = HOMES[item]
                return self._place(item, parent or home.parent, details or home.details)
            case Hide() if item in self.parents and item not in self.hidden:
                self.hidden.add(item)
                return [ItemHidden(item=item)]
            case Restore() if item in self.hidden:
                return self._restore(item)
            case _:
                return []

    def _place(self, item: str, parent: str | None, details: Details) -> list[Event]:
        above = self._above(parent)
        self.parents[item], self.details[item] = parent, details
        return [*above, ItemPlaced(item=item, parent=parent, details=details)]

    def _above(self, parent: str | None) -> list[Event]:
        if parent is None or parent in self.parents:
            return []
        return self._place(parent, *HOMES[parent])

    def _upsert(self, put: Put) -> list[Event]:
        item, events = put.item, list[Event]()
        if put.parent is not None and put.parent != self.parents[item]:
            events += [*self._above(put.parent), ItemMoved(item=item, parent=put.parent)]
            self.parents[item] = put.parent
        if put.details is not None and put.details != self.details[item]:
            events.append(ItemDescribed(item=item, details=put.details))
            self.details[item] = put.details
        return [*events, *self._restore(item)]

    def _restore(self, item: str) -> list[Event]:
        if item not in self.hidden:
            return []
        self.hidden.remove(item)
        return [ItemRestored(item=item)]

    # Device users.

    def _register(self, cduid: str, mode: IsolationMode = IsolationMode.LOUD) -> list[Entry]:
        if cduid in self.modes:
            return []
        self.modes[cduid] = mode
        user = DEVICE_USERS[cduid]
        event = DeviceUserRegistered(user=user, device=f"device-{cduid}", isolation_mode=mode)
        return [_entry(cduid, event)]

    def _change_mode(self, cduid: str, mode: IsolationMode) -> list[Entry]:
        if cduid not in self.modes:
            return self._register(cduid, mode)
        if self.modes[cduid] == mode:
            return []
        self.modes[cduid] = mode
        return [_entry(cduid, IsolationModeChanged(isolation_mode=mode))]

    # Activity.

    def _activity(self, step: Watch | Unwatch | Progress) -> Event:
        ago = None if step.slots_ago is None else timedelta(microseconds=step.slots_ago * SLOT_US)
        when = None if ago is None else from_us(self.now_us) - ago
        match step:
            case Watch(item=item, duration_seconds=duration):
                return ItemWatched(item=item, occurred_at=when, duration_seconds=duration)
            case Unwatch(item=item):
                return ItemUnwatched(item=item, occurred_at=when)
            case Progress(item=item, played_seconds=played, duration_seconds=duration):
                return ProgressReported(
                    item=item, occurred_at=when, played_seconds=played, duration_seconds=duration
                )

    def _resubmit(self, step: Resubmit) -> list[Entry]:
        if not self.sent:
            return []
        first = self.sent[-1 - step.back % len(self.sent)]
        other = {} if step.item is None else {"item": step.item}
        cduid = step.cduid or first.stream.removeprefix("cduid:")
        again = _entry(cduid, first.event.model_copy(update=other), first.submission_id)
        return [*self._register(cduid), again]


def _entry(cduid: str, event: Event, submission_id: UUID | None = None) -> Entry:
    return Entry(device_user_stream(cduid), event, submission_id, DEVICE_USERS[cduid])


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

    The second list may arrive in any order: each has an `at` of its own, long past.
    """
    entries = [entry for submission in submissions(steps) for entry in submission.entries]
    spoken = [e for e in entries if isinstance(e.event, ACTIVITY)]
    settled = [e for e in entries if not isinstance(e.event, ACTIVITY)]
    settled.sort(key=lambda e: isinstance(e.event, CATALOG), reverse=True)
    return (
        [Submission(BEGIN_US, (entry,)) for entry in settled],
        [Submission(BEGIN_US, (_at_slot(e, n),)) for n, e in enumerate(spoken)],
    )


def _at_slot(entry: Entry, slot: int) -> Entry:
    """Told anew: years ago, in a slot of its own, under an id of its own."""
    when = from_us(BEGIN_US // 2 + slot * SLOT_US)
    event = entry.event.model_copy(update={"occurred_at": when})
    return entry._replace(event=event, submission_id=UUID(int=slot + 1))
