"""The steps that a life is made of: small, frozen, and readable when a failing life is printed.

`slots_ago` is how long before the step it happened; None leaves the time out. `clock` is what the
player's clock shows, and `beside` are the users on the same device that an event names, too.
"""

from dataclasses import dataclass
from enum import Enum

from domain.events import AccessChanged, Details, IsolationMode, PlayerState


class Clock(Enum):
    """RIGHT is right; SLOW is an hour behind, and said so when it sent; NEVER_SET is in January
    1970, and AT_ZERO at its first instant.
    """

    RIGHT = "right"
    SLOW = "slow"
    NEVER_SET = "never_set"
    AT_ZERO = "at_zero"


@dataclass(frozen=True)
class Put:
    """A media server's upsert. None as parent or details leaves them, or takes the usual ones."""

    item: str
    parent: str | None = None
    details: Details | None = None


@dataclass(frozen=True)
class Hide:
    item: str


@dataclass(frozen=True)
class Restore:
    item: str


@dataclass(frozen=True)
class Link:
    item: str
    same_as: str


@dataclass(frozen=True)
class Unlink:
    item: str


@dataclass(frozen=True)
class Watch:
    """`undated` leaves the time out, too, and says that nobody knows it."""

    cduid: str
    item: str
    slots_ago: int | None = None
    duration_seconds: float | None = None
    undated: bool = False
    clock: Clock = Clock.RIGHT
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unwatch:
    cduid: str
    item: str
    slots_ago: int | None = None
    clock: Clock = Clock.RIGHT
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """A `share` stands in place of both seconds; None as duration is one that nobody knows."""

    cduid: str
    item: str
    slots_ago: int | None = None
    played_seconds: float = 600.0
    duration_seconds: float | None = 1200.0
    share: float | None = None
    state: PlayerState | None = None
    clock: Clock = Clock.RIGHT
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dismiss:
    cduid: str
    item: str
    slots_ago: int | None = None


@dataclass(frozen=True)
class Recall:
    cduid: str
    item: str
    slots_ago: int | None = None


@dataclass(frozen=True)
class Restart:
    cduid: str
    item: str
    slots_ago: int | None = None


class Target(Enum):
    """What a retraction may name besides what was said before."""

    NEXT = "next"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Retract:
    """Takes back what the device user said `back` before its newest, retractions among it; or what
    it says next, or what it never says.
    """

    cduid: str
    back: int | Target = 0
    slots_ago: int | None = None


@dataclass(frozen=True)
class Resubmit:
    """The newest event but `back` is sent again, as it was unless told otherwise."""

    back: int
    item: str | None = None
    cduid: str | None = None


@dataclass(frozen=True)
class ChangeMode:
    cduid: str
    mode: IsolationMode


@dataclass(frozen=True)
class Reassign:
    cduid: str
    user: str


@dataclass(frozen=True)
class Retire:
    """Retires a device user, or reinstates one that is."""

    cduid: str


@dataclass(frozen=True)
class ChangeAccess:
    user: str
    access: AccessChanged


CatalogStep = Put | Hide | Restore | Link | Unlink
SpokenStep = Watch | Unwatch | Progress
ActivityStep = SpokenStep | Dismiss | Recall | Restart | Retract
DeviceUserStep = ChangeMode | Reassign | Retire
Step = CatalogStep | ActivityStep | Resubmit | DeviceUserStep | ChangeAccess
