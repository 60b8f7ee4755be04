"""Activity: what players submit, checked and handed to the writer.

Each submission is checked as of the ledger's end; what is wrong with one holds back no other.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import NamedTuple
from uuid import UUID

from domain import decisions
from domain.directory import Directory
from domain.events import device_user_stream
from domain.rejection import Rejection
from infrastructure.commands.authentication import Caller
from infrastructure.commands.submissions import Submission
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.entries import Answer, Append, Entry, Outcome
from infrastructure.ledger.writer import Writer


class Taken(NamedTuple):
    """What became of a submission; `is_unseen`: its user sees no such item, if there is one."""

    id: UUID
    result: Outcome | Rejection
    is_unseen: bool = False


class Submitted(NamedTuple):
    """Submissions that were checked, of which the writer answers for those that passed."""

    submissions: Sequence[Submission]
    checked: list[Entry | Rejection]
    unseen: list[bool]
    answer: Future[Answer]

    def taken(self, answer: Answer) -> tuple[list[Taken], int]:
        """What became of each submission, by what the writer answered, and the position reached."""
        outcomes = iter(answer.outcomes)
        taken = [
            Taken(submission.id, next(outcomes) if isinstance(entry, Entry) else entry, is_unseen)
            for submission, entry, is_unseen in zip(
                self.submissions, self.checked, self.unseen, strict=True
            )
        ]
        return taken, answer.position


def conflict(outcome: Outcome) -> Rejection:
    """Why a submission isn't recorded whose id was used for something else (rule 3)."""
    return Rejection(
        "submission_conflict",
        f"This id was recorded with other content, at position {outcome.position}; "
        "send what is new under a new id.",
    )


class ActivityHandler:
    """Takes submissions from any thread."""

    def __init__(self, writer: Writer, directories: CurrentDirectory) -> None:
        self._writer = writer
        self._directories = directories

    def submit(self, caller: Caller, submissions: Sequence[Submission]) -> tuple[list[Taken], int]:
        """What became of each submission, and the position reached."""
        submitted = self.hand_over(caller, submissions)
        return submitted.taken(submitted.answer.result())

    def hand_over(self, caller: Caller, submissions: Sequence[Submission]) -> Submitted:
        """Has submissions recorded, without waiting for it.

        What is wrong with one holds back no other. One that is recorded already has passed every
        check once, so it passes them again and is answered as a duplicate (rule 3).
        """
        directory = self._directories.latest()
        checked = [_checked(caller, submission, directory) for submission in submissions]
        unseen = [
            _is_unseen(entry, submission.event.item, directory)
            for submission, entry in zip(submissions, checked, strict=True)
        ]
        entries = [entry for entry in checked if isinstance(entry, Entry)]
        return Submitted(submissions, checked, unseen, self._writer.submit(Append(entries)))


def _checked(caller: Caller, submission: Submission, directory: Directory) -> Entry | Rejection:
    cduid = submission.cduid or caller.cduid
    if cduid is None:
        return Rejection("cduid_missing", "Say whose event it is: the admin has to send a cduid.")
    known = directory.device_users.get(cduid)
    if known is None or caller.cduid not in {None, cduid}:
        return decisions.unknown_device_user(cduid)
    rejection = decisions.check_activity(submission.event)
    if rejection is not None:
        return rejection
    return Entry(device_user_stream(cduid), submission.event, submission.id, known.user)


def _is_unseen(checked: Entry | Rejection, item: str, directory: Directory) -> bool:
    if isinstance(checked, Rejection) or checked.user is None:
        return False
    return not directory.access(checked.user).sees(directory.catalog, item)
