"""The command handler: who calls, what is decided of what they bring, and its recording.

Every decision is made on the directory as of the ledger's end; where that has gone on before the
decision is recorded, it is made again.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Lock
from typing import NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain import decisions, placing
from domain.commands import PatchDeviceUser, PlaceItem, PutAccess, PutDeviceUser
from domain.directory import Directory
from domain.events import (
    CATALOG_STREAM,
    DeviceUserEvent,
    Event,
    TokenIssued,
    device_user_stream,
    user_stream,
)
from domain.rejection import Refused, Rejection
from infrastructure.commands.submissions import Submission
from infrastructure.commands.tokens import cduid_of, hash_of, matches, new_device_token
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.entries import Answer, Append, Entry, Outcome
from infrastructure.ledger.schema import ledger_event
from infrastructure.ledger.writer import Writer, WriterBusy

_ATTEMPTS = 20
_VERSION = select(func.max(ledger_event.c.originator_version)).where(
    ledger_event.c.originator_id == bindparam("stream")
)

Decided = TypeVar("Decided", bound=Sequence[Event])


class Caller(NamedTuple):
    """Who calls: the device user of a token, or the admin, whose cduid is None."""

    cduid: str | None


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


class Reached(NamedTuple):
    """How far the ledger and the stream that was written to have come."""

    position: int
    version: int


class CommandHandler:
    """Takes commands from any thread."""

    def __init__(self, ledger: Ledger, writer: Writer, admin_token: str) -> None:
        self._ledger = ledger
        self._writer = writer
        self._admin_token_sha256 = hash_of(admin_token)
        self._followed = CurrentDirectory(ledger.engine)
        self._deciding = Lock()

    def is_admin(self, token: str) -> bool:
        """Whether a token is the admin's, which no database has to be asked about."""
        return matches(token, self._admin_token_sha256)

    def authenticate(self, token: str) -> Caller:
        """Whose token it is. Raises Refused if it is nobody's, or nobody's any more."""
        if self.is_admin(token):
            return Caller(None)
        cduid = cduid_of(token)
        with self._followed.latest() as directory:
            known = directory.device_users.get(cduid)
        if matches(token, known.token_sha256 if known else None):
            return Caller(cduid)
        raise Refused(
            Rejection("token_unknown", "The token is wrong or was revoked; ask for a new one.")
        )

    def knows(self, cduid: str) -> bool:
        """Whether a device user is registered, projected yet or not."""
        with self._followed.latest() as directory:
            return cduid in directory.device_users

    def submit(self, caller: Caller, submissions: Sequence[Submission]) -> tuple[list[Taken], int]:
        """What became of each submission, and the position reached."""
        submitted = self.hand_over(caller, submissions)
        return submitted.taken(submitted.answer.result())

    def hand_over(self, caller: Caller, submissions: Sequence[Submission]) -> Submitted:
        """Has submissions recorded, without waiting for it.

        What is wrong with one holds back no other. One that is recorded already has passed every
        check once, so it passes them again and is answered as a duplicate (rule 3).
        """
        with self._followed.latest() as directory:
            checked = [_checked(caller, submission, directory) for submission in submissions]
            unseen = [
                _is_unseen(entry, submission.event.item, directory)
                for submission, entry in zip(submissions, checked, strict=True)
            ]
        entries = [entry for entry in checked if isinstance(entry, Entry)]
        return Submitted(submissions, checked, unseen, self._writer.submit(Append(entries)))

    def place_items(
        self, commands: Sequence[PlaceItem]
    ) -> tuple[list[placing.PlacedStatus | Rejection], Reached]:
        """What became of each item, in order."""
        results: list[placing.PlacedStatus | Rejection] = []

        def decide(directory: Directory) -> Sequence[Event]:
            events, results[:] = placing.place_items(commands, directory.catalog)
            return events

        reached, _ = self._record(CATALOG_STREAM, decide)
        return results, reached

    def hide_item(self, item: str) -> Reached:
        """Raises Refused for an unknown item."""
        return self._record(CATALOG_STREAM, lambda now: placing.hide_item(item, now.catalog))[0]

    def restore_item(self, item: str) -> Reached:
        """Raises Refused for an unknown item."""
        return self._record(CATALOG_STREAM, lambda now: placing.restore_item(item, now.catalog))[0]

    def put_device_user(self, cduid: str, command: PutDeviceUser) -> tuple[Reached, str | None]:
        """The token is there if the device user is new. Raises Refused if it would change hands."""
        token = new_device_token(cduid)
        reached, events = self._record(
            device_user_stream(cduid),
            lambda now: decisions.put_device_user(cduid, command, now, hash_of(token)),
            user=command.user,
        )
        is_new = any(isinstance(event, TokenIssued) for event in events)
        return reached, token if is_new else None

    def patch_device_user(self, cduid: str, command: PatchDeviceUser) -> Reached:
        """Raises Refused for an unknown device user."""
        return self._change(cduid, lambda now: decisions.patch_device_user(cduid, command, now))

    def rotate_token(self, cduid: str) -> tuple[Reached, str]:
        """Raises Refused for an unknown device user."""
        token = new_device_token(cduid)
        reached = self._change(cduid, lambda now: decisions.issue_token(cduid, hash_of(token), now))
        return reached, token

    def revoke_token(self, cduid: str) -> Reached:
        """Raises Refused for an unknown device user."""
        return self._change(cduid, lambda now: decisions.revoke_token(cduid, now))

    def put_access(self, user: str, command: PutAccess) -> Reached:
        return self._record(
            user_stream(user), lambda now: decisions.put_access(user, command, now), user=user
        )[0]

    def _change(
        self, cduid: str, decide: Callable[[Directory], list[DeviceUserEvent] | Rejection]
    ) -> Reached:
        with self._followed.latest() as directory:
            known = directory.device_users.get(cduid)
        user = known.user if known else None  # of an unknown one nothing will be recorded
        return self._record(device_user_stream(cduid), decide, user=user)[0]

    def _record(
        self,
        stream: str,
        decide: Callable[[Directory], Decided | Rejection],
        *,
        user: str | None = None,
    ) -> tuple[Reached, Decided]:
        """Has decided events recorded; decides again as long as the stream goes on meanwhile."""
        with self._deciding:
            for _ in range(_ATTEMPTS):
                # The version before the state: what comes between makes it stale, and isn't missed.
                version = self._version(stream)
                with self._followed.latest() as directory:
                    decided = decide(directory)
                if isinstance(decided, Rejection):
                    raise Refused(decided)
                append = Append(
                    [Entry(stream, event, user=user) for event in decided],
                    {stream: version} if decided else {},
                )
                answer = self._writer.submit(append).result()
                if not answer.is_stale:
                    return Reached(answer.position, version + len(decided)), decided
        raise WriterBusy("Others keep changing the same thing. Send it again later.")

    def _version(self, stream: str) -> int:
        with read_transaction(self._ledger.engine) as connection:
            return connection.execute(_VERSION, {"stream": stream}).scalar_one() or 0


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
