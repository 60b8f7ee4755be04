"""The steps that a life is made of: small, frozen, and readable when a failing life is printed."""

from dataclasses import dataclass

from domain.events import AccessChanged, Details, IsolationMode


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
class Watch:
    """`slots_ago` is how long before the step it happened; None leaves the time out."""

    cduid: str
    item: str
    slots_ago: int | None = None
    duration_seconds: float | None = None


@dataclass(frozen=True)
class Unwatch:
    cduid: str
    item: str
    slots_ago: int | None = None


@dataclass(frozen=True)
class Progress:
    cduid: str
    item: str
    slots_ago: int | None = None
    played_seconds: float = 600.0
    duration_seconds: float = 1200.0


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
class ChangeAccess:
    user: str
    access: AccessChanged


Step = Put | Hide | Restore | Watch | Unwatch | Progress | Resubmit | ChangeMode | ChangeAccess
