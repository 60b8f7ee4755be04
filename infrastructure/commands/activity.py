"""Activity: what players submit, checked and handed to the writer.

Each submission is checked as of the ledger's end; what is wrong with one holds back no other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Engine

from domain.decisions import unknown_device_user
from domain.directory import DeviceUser, Directory
from domain.events import (
    Activity,
    ItemWatched,
    OnItemFact,
    Spoken,
    SpokenFact,
    device_user_stream,
    gives_time,
    is_undated,
)
from domain.policy import Policy
from domain.references import Reference
from domain.rejection import Rejection
from domain.resolving import Resolver
from domain.standing_in import Shelf, Shelving
from domain.submitting import check_activity, check_company, check_known, companions
from domain.thinning import Thinning
from infrastructure.commands.authentication import Caller
from infrastructure.commands.idle_marks import idle_marks, may_be_idle
from infrastructure.commands.submissions import Submission
from infrastructure.commands.thinner import Thinner
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.entries import Answer, Append, Entry, Outcome
from infrastructure.ledger.recorder import now_us
from infrastructure.ledger.writer import Writer

Warned = Literal["unknown_item", "unset_clock"]

StandIn = Callable[[Sequence[Reference], Shelving], object]
"""Places what is referred to and isn't in the catalog; what can't be is left out."""

ELSEWHERE = Shelving(
    Shelf("movie_shelf:elsewhere", "Elsewhere"), Shelf("show_shelf:elsewhere", "Elsewhere")
)
"""Where what the admin refers to is placed that no library has."""


class Taken(NamedTuple):
    """What became of a submission.

    `warning`: its user sees no such item, if there is one, or its clock was never set. `positions`
    are there where others watched along: one for each, the sender's first (rule 29). `is_idle`: it
    is a mark that said nothing new (rule 9). `item` is what a reference was found to mean.
    """

    id: UUID
    result: Outcome | Rejection
    warning: Warned | None = None
    positions: tuple[int, ...] = ()
    is_idle: bool = False
    item: str | None = None


_GONE = Rejection(
    "unknown_device_user",
    "Somebody whom this is about was erased while it was on its way. Send it again.",
)


class _Checked(NamedTuple):
    """The entries that a submission becomes: the sender's, and those of who watched along.

    With a rejection they are only looked for, since it may be a duplicate. Without entries nobody
    may say it.
    """

    entries: Sequence[Entry]
    rejection: Rejection | None = None
    warning: Warned | None = None
    item: str | None = None

    def taken(self, submission_id: UUID, outcomes: Sequence[Outcome]) -> Taken:
        """What became of the submission, by what the writer answered of its entries."""
        return self._taken(submission_id, outcomes)._replace(item=self.item)

    def _taken(self, submission_id: UUID, outcomes: Sequence[Outcome]) -> Taken:
        if any(each.status == "gone" for each in outcomes):
            return Taken(submission_id, _GONE)
        conflict = next((each for each in outcomes if each.status == "conflict"), None)
        result = conflict or (outcomes[0] if outcomes else None)
        if result is None or result.status == "refused":
            assert self.rejection is not None  # noqa: S101  # only what is refused comes here
            return Taken(submission_id, self.rejection)
        if len(outcomes) == 1:
            return Taken(submission_id, result, self.warning)
        positions = tuple(each.position for each in outcomes if each.status != "refused")
        return Taken(submission_id, result, self.warning, positions)


@dataclass(frozen=True, slots=True)
class Submitted:
    """Submissions that were checked, of whose entries the writer answers."""

    submissions: Sequence[Submission]
    checked: list[_Checked]
    answer: Future[Answer]

    @property
    def asks_ledger(self) -> bool:
        """Whether what became of them is asked of the ledger, too: of marks that may be idle."""
        return any(may_be_idle(submission.event) for submission in self.submissions)

    def taken(self, answer: Answer) -> list[Taken]:
        """What became of each submission, by what the writer answered."""
        outcomes = iter(answer.outcomes)
        return [
            checked.taken(submission.id, tuple(islice(outcomes, len(checked.entries))))
            for submission, checked in zip(self.submissions, self.checked, strict=True)
        ]

    def marks(self, taken: Sequence[Taken]) -> dict[str, dict[int, str]]:
        """The marks that may be idle: for each stream their items by position."""
        found: dict[str, dict[int, str]] = {}
        for checked, each in zip(self.checked, taken, strict=True):
            if isinstance(each.result, Rejection) or each.result.status == "conflict":
                continue
            stream, event, *_ = checked.entries[0]
            if isinstance(event, ItemWatched) and may_be_idle(event):
                found.setdefault(stream, {})[each.result.position] = event.item
        return found


def conflict(outcome: Outcome) -> Rejection:
    """Why a submission isn't recorded whose id was used for something else (rule 3)."""
    return Rejection(
        "submission_conflict",
        f"This id was recorded with other content, at position {outcome.position}; "
        "send what is new under a new id.",
    )


class ActivityHandler:
    """Takes submissions from any thread. `clock_us` is the ledger's clock."""

    def __init__(  # it is wired in one place
        self,
        engine: Engine,
        writer: Writer,
        directories: CurrentDirectory,
        policy: Policy,
        thinning: Thinning | None = None,
        stand_in: StandIn | None = None,
        clock_us: Callable[[], int] = now_us,
    ) -> None:
        self._engine = engine
        self._policy = policy
        self._writer = writer
        self._directories = directories
        self._stand_in = stand_in
        self._thinner = None if thinning is None else Thinner(thinning)
        self.clock_us = clock_us

    def submit(
        self,
        caller: Caller,
        submissions: Sequence[Submission],
        *,
        thins: bool = True,
        shelving: Shelving = ELSEWHERE,
    ) -> tuple[list[Taken], int]:
        """What became of each submission, and the position reached; see `hand_over`."""
        submitted = self.hand_over(caller, submissions, thins=thins, shelving=shelving)
        answer = submitted.answer.result()
        return self.taken(submitted, answer), answer.position

    def hand_over(
        self,
        caller: Caller,
        submissions: Sequence[Submission],
        *,
        thins: bool = True,
        shelving: Shelving = ELSEWHERE,
    ) -> Submitted:
        """Has submissions recorded, without waiting for it; `thins`: but what tells nothing new.

        What the admin's refer to and the catalog doesn't have is placed first, if `shelving` says
        so. Nothing that a device says changes the catalog.

        What is wrong with one holds back no other. One that is recorded already needn't pass the
        checks as they are now: the writer looks for what is refused, too, and answers that it is a
        duplicate (rule 3).
        """
        directory = self._directories.latest()
        resolving = _Resolving(caller, directory, shelving)
        if shelving.places and caller.cduid is None and self._stand_in is not None:
            missing = [each for each in submissions if resolving.misses(each)]
            if missing:
                self._stand_in([ref for each in missing if (ref := reference_of(each))], shelving)
                directory = self._directories.latest()
                resolving = _Resolving(caller, directory, shelving)
        checked = [_checked(caller, each, directory, resolving) for each in submissions]
        append = _append(checked)
        if thins and self._thinner is not None:
            append = replace(append, entries=self._thinner.held(append.entries, directory.catalog))
        return Submitted(submissions, checked, self._writer.submit(append))

    def taken(self, submitted: Submitted, answer: Answer) -> list[Taken]:
        """What became of each submission, by what the writer answered; see `asks_ledger`.

        Raises DatabaseProblem, by when all of it is recorded.
        """
        taken = submitted.taken(answer)
        marks = submitted.marks(taken) if submitted.asks_ledger else {}
        if not marks:
            return taken
        idle = self._idle(marks)
        return [
            each._replace(is_idle=isinstance(each.result, Outcome) and each.result.position in idle)
            for each in taken
        ]

    def _idle(self, marks: Mapping[str, Mapping[int, str]]) -> set[int]:
        catalog = self._directories.latest().catalog
        idle: set[int] = set()
        with read_transaction(self._engine) as connection:
            for stream, each in marks.items():
                cduid = stream.partition(":")[2]
                idle |= idle_marks(connection, self._policy, catalog, cduid, each)
        return idle


def _append(checked: Sequence[_Checked]) -> Append:
    entries: list[Entry] = []
    together: list[range] = []
    for each in checked:
        first = len(entries)
        entries += each.entries
        if len(each.entries) > 1:
            together.append(range(first, len(entries)))
    return Append(entries, together=together)


def reference_of(submission: Submission) -> Reference | None:
    """What a submission calls its item, if it knows none."""
    event = submission.event
    return event.ref if isinstance(event, OnItemFact) else None


class _Resolving:
    """Finds the items that submissions refer to, as their senders may know of them (rule 15)."""

    def __init__(self, caller: Caller, directory: Directory, shelving: Shelving) -> None:
        self._caller = caller
        self._directory = directory
        self._shelves = (shelving.movies.item, shelving.shows.item)

    def item_of(self, reference: Reference) -> str | Rejection:
        return Resolver(self._directory.catalog, self._sees, self._shelves).resolve(reference)

    def misses(self, submission: Submission) -> bool:
        """Whether what it refers to isn't in the catalog, and somebody there may say it."""
        reference = reference_of(submission)
        if reference is None or submission.cduid not in self._directory.device_users:
            return False
        found = self.item_of(reference)
        return isinstance(found, Rejection) and found.code == "unresolved"

    def _sees(self, item: str) -> bool:
        known = self._directory.device_users.get(self._caller.cduid or "")
        if known is None:  # the admin
            return True
        return self._directory.access(known.user).may_see(self._directory.catalog, item)


def _checked(
    caller: Caller, submission: Submission, directory: Directory, resolving: _Resolving
) -> _Checked:
    reference = reference_of(submission)
    if reference is None:
        return _checked_item(caller, submission, directory)
    found = resolving.item_of(reference)
    if isinstance(found, Rejection):
        return _checked_item(caller, submission, directory, unresolved=found)
    event = submission.event.model_copy(update={"item": found})
    checked = _checked_item(caller, submission._replace(event=event), directory)
    return checked._replace(item=found)


def _checked_item(
    caller: Caller,
    submission: Submission,
    directory: Directory,
    *,
    unresolved: Rejection | None = None,
) -> _Checked:
    cduid = submission.cduid or caller.cduid
    if cduid is None:
        return _Checked(
            (),
            Rejection("cduid_missing", "Say whose event it is: the admin has to send a cduid."),
        )
    speaker = directory.device_users.get(cduid)
    if speaker is None or caller.cduid not in {None, cduid}:
        return _Checked((), unknown_device_user(cduid))
    event = submission.event
    item: str | None = getattr(event, "item", None)
    company = getattr(event, "with_users", ())
    rejection = (
        unresolved
        or check_activity(event, submission.id)
        or (check_company(event, speaker, directory) if company else None)
        or (None if item is None else check_known(item, (speaker.user, *company), directory))
    )
    entries = _entries(submission, speaker, directory, is_refused=rejection is not None)
    return _Checked(entries, rejection, _warning(event, item, speaker.user, directory))


def _entries(
    submission: Submission, speaker: DeviceUser, directory: Directory, *, is_refused: bool
) -> Sequence[Entry]:
    """The sender's entry, and one in the stream of each who watched along (rule 29)."""
    event, submission_id = submission.event, submission.id
    stream = device_user_stream(speaker.cduid)
    entry = partial(Entry, is_refused=is_refused, needs_stream=True)
    own = entry(stream, event, submission_id, speaker.user)
    if not isinstance(event, SpokenFact) or not event.with_users:
        return (own,)
    others = _others(event, speaker, directory)
    return (
        own,
        *(entry(stream, said, submission_id, user) for stream, user, said in others),
    )


def _others(
    event: Spoken, speaker: DeviceUser, directory: Directory
) -> Iterator[tuple[str, str, Activity]]:
    """For each who watched along the stream, the user and the event: to them, the others did."""
    everybody = (speaker.user, *event.with_users)
    for user in dict.fromkeys(event.with_users):
        for cduid in companions(user, speaker, directory)[:1]:
            company = tuple(each for each in everybody if each != user)
            said = event.model_copy(update={"with_users": company})
            yield device_user_stream(cduid), user, said


def _warning(event: Activity, item: str | None, user: str, directory: Directory) -> Warned | None:
    if item is not None and not directory.access(user).sees(directory.catalog, item):
        return "unknown_item"
    is_unset = event.occurred_at is not None and not gives_time(event) and not is_undated(event)
    return "unset_clock" if is_unset else None
