"""Entries and answers: what is handed to the ledger to be appended, and what becomes of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from uuid import UUID

from domain.events import Event, ProgressReported
from domain.thinning import Tick

Status = Literal["recorded", "duplicate", "conflict", "refused", "unchanged", "gone"]


class Repeatable(NamedTuple):
    """What a progress is held against, which isn't recorded if it tells nothing new (rule 32).

    `items` are those on which something said may speak about the progress's own, which comes first;
    `is_repeated` says of a progress, when and at which catalog version it would be recorded, and
    of the one before it, whether it tells nothing new.
    """

    items: tuple[str, ...]
    is_repeated: Callable[[ProgressReported, int, int, Tick], bool]


class Entry(NamedTuple):
    """An event on its way into a stream.

    `submission_id` is the player's, None for all but activity; `user` is whose event it is. One
    that `is_refused` isn't recorded, only looked for: it may be a duplicate (rule 3). One that is
    `repeatable` isn't if it repeats what stands before it. One that `needs_stream` isn't if its
    stream holds nothing: the device user was erased since it was looked up.
    """

    stream: str
    event: Event
    submission_id: UUID | None = None
    user: str | None = None
    is_refused: bool = False
    repeatable: Repeatable | None = None
    needs_stream: bool = False


@dataclass(frozen=True, slots=True)
class Append:
    """What one request wants recorded.

    `expected_versions` are the versions of the streams that the decision was made at: if one has
    gone on since, nothing of this is recorded. `together` are ranges of the entries that stand or
    fall together, in order: if one is a conflict or gone, none of them is recorded (rule 29).
    """

    entries: Sequence[Entry]
    expected_versions: Mapping[str, int] = field(default_factory=dict)
    together: Sequence[range] = ()


class Outcome(NamedTuple):
    """What became of an entry (rule 3).

    Position and version are those of the event: for a duplicate and a conflict, of the one that
    was recorded under the submission id before; for what is unchanged, of the one that it repeats.
    What was refused and what is gone have none: they are 0.
    """

    status: Status
    position: int
    version: int


class Answer(NamedTuple):
    """What became of an Append: an outcome for each entry in order; none if it was stale."""

    outcomes: tuple[Outcome, ...]
    is_stale: bool
    position: int
    """Where the ledger ended once it was recorded."""


class Head(NamedTuple):
    """Where the ledger ends."""

    position: int
    catalog_version: int
    recorded_at_us: int


class Row(NamedTuple):
    """A row of `ledger_event`, its columns in order."""

    position: int
    stream: str
    version: int
    topic: str
    state: bytes
    recorded_at_us: int
    at_us: int
    catalog_version: int
    submission_id: str | None  # as 32 hexadecimal digits
    user: str | None
    item: str | None
    salt: bytes
    digest: bytes


class NumberedRows(NamedTuple):
    """Rows that have their positions, and the head behind them."""

    rows: Sequence[Row]
    head: Head


class StreamHead(NamedTuple):
    """Where a stream ends."""

    version: int
    digest: bytes


class Submitted(NamedTuple):
    """What was recorded under a submission id."""

    position: int
    version: int
    topic: str
    state: bytes


Key = tuple[str, str]
"""A stream and a submission id, as 32 hexadecimal digits: recorded once (rule 3)."""


class Found(NamedTuple):
    """What the ledger already has of the streams and submission ids of a batch."""

    streams: dict[str, StreamHead]
    submitted: dict[Key, Submitted | Row]
