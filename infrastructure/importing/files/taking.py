"""Takes in the plays of a file, in batches: in the ledger, or only to see what would become of it.

They are said by a device user of their own, which has no token: nobody else can speak as it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Engine, select

from domain.commands import PutDeviceUser
from domain.events import device_user_stream
from domain.rejection import Refused, Rejection
from domain.resolving import Resolver
from domain.source import cduid_of
from domain.standing_in import Shelving, stand_in
from infrastructure.commands.activity import ELSEWHERE, reference_of
from infrastructure.commands.authentication import Caller
from infrastructure.commands.submissions import Submission
from infrastructure.database.engine import read_transaction
from infrastructure.importing.events import BATCH
from infrastructure.importing.files.plays import Unusable, submission_of
from infrastructure.importing.files.said import Fault, Said
from infrastructure.ledger.schema import ledger_event
from infrastructure.services import Services

_ADMIN = Caller(None)


class Became(NamedTuple):
    """What became of a play: `recorded`, `duplicate`, `ambiguous`, `unresolved` or `unreadable`.

    `said` is None for what was no play at all. `placed` is the item that stands in for it now.
    """

    where: str
    status: str
    said: Said | None = None
    reason: str = ""
    id: str = ""
    placed: str | None = None


Answer = tuple[str | Rejection, str | None]
"""A status, or why not; and the item, if it is known."""

Say = Callable[[Sequence[Submission]], Sequence[Answer]]


def take(
    services: Services, plays: Iterable[Said | Fault], kind: str, user: str, *, places: bool
) -> Iterator[Became]:
    """Records the plays and says of each what became of it. Raises Refused for an unknown user."""
    cduid = _cduid(services, kind, user)
    command = PutDeviceUser(user=user, device=cduid, reported_name=f"{kind} import", kind="import")
    services.handler.register_without_token(cduid, command)
    shelving = ELSEWHERE._replace(places=places)

    def say(submissions: Sequence[Submission]) -> Sequence[Answer]:
        taken, _ = services.activity.submit(_ADMIN, submissions, thins=False, shelving=shelving)
        return [
            # What was said once under an id is that, whatever has been mended in it since.
            (
                each.result
                if isinstance(each.result, Rejection)
                else "recorded"
                if each.result.status == "recorded"
                else "duplicate",
                each.item,
            )
            for each in taken
        ]

    yield from _Taking(services, kind, cduid, user).run(plays, say)


def try_out(
    services: Services, plays: Iterable[Said | Fault], kind: str, user: str, *, places: bool
) -> Iterator[Became]:
    """As `take`, and nothing is written. Raises Refused for an unknown user."""
    cduid = _cduid(services, kind, user)
    tried = _Tried(services, cduid, ELSEWHERE._replace(places=places))
    yield from _Taking(services, kind, cduid, user).run(plays, tried.say)


def _cduid(services: Services, kind: str, user: str) -> str:
    if not services.handler.directory().cduids(user):
        raise Refused(
            Rejection(
                "unknown_user",
                f"There is no user {user}. Add one first: watchledger device-user add "
                f"{user}-tv --user {user} --device tv",
            )
        )
    return f"import.{cduid_of(kind, user, None)}"


class _Taking:
    def __init__(self, services: Services, kind: str, cduid: str, user: str) -> None:
        self._services = services
        self._kind = kind
        self._cduid = cduid
        self._user = user

    def run(self, plays: Iterable[Said | Fault], say: Say) -> Iterator[Became]:
        remaining = iter(plays)
        while batch := list(islice(remaining, BATCH)):
            yield from self._batch(batch, say)

    def _batch(self, batch: Sequence[Said | Fault], say: Say) -> Iterator[Became]:
        catalog = self._services.handler.directory().catalog
        now = datetime.now(UTC)
        usable: list[tuple[Said, Submission]] = []
        for each in batch:
            if isinstance(each, Fault):
                yield Became(each.where, "unreadable", reason=each.reason)
                continue
            try:
                submission = submission_of(each, self._kind, self._cduid, self._user, now)
            except Unusable as error:
                yield Became(each.where, "unreadable", each, str(error), each.id)
                continue
            if each.item and each.item not in catalog:
                reason = f"The catalog has no {each.item}."
                yield Became(each.where, "unresolved", each, reason, str(submission.id))
            else:
                usable.append((each, submission))
        answers = say([submission for _, submission in usable]) if usable else ()
        for (said, submission), (result, item) in zip(usable, answers, strict=True):
            where, name = said.where, str(submission.id)
            if isinstance(result, Rejection):
                status = "ambiguous" if result.code == "ambiguous" else "unresolved"
                yield Became(where, status, said, result.detail, name)
            else:
                placed = item if item is not None and item not in catalog else None
                yield Became(where, result, said, "", name, placed)


class _Tried:
    """Nothing is recorded; what would be placed is there for what comes next."""

    def __init__(self, services: Services, cduid: str, shelving: Shelving) -> None:
        self._engine: Engine = services.engine
        self._catalog = services.handler.directory().catalog.fork(tries=True)
        self._stream = device_user_stream(cduid)
        self._shelving = shelving
        self._seen: set[bytes] = set()

    def say(self, submissions: Sequence[Submission]) -> Sequence[Answer]:
        known = self._known(submissions)
        answers: list[Answer] = []
        for submission in submissions:
            if submission.id in known or submission.id.bytes in self._seen:
                answers.append(("duplicate", None))
                continue
            item = self._item(submission)
            if isinstance(item, Rejection):
                answers.append((item, None))
            else:
                self._seen.add(submission.id.bytes)
                answers.append(("recorded", item))
        return answers

    def _item(self, submission: Submission) -> str | Rejection | None:
        reference = reference_of(submission)
        if reference is None:
            return None
        if not self._shelving.places:
            shelves = (self._shelving.movies.item, self._shelving.shows.item)
            return Resolver(self._catalog, shelves=shelves).resolve(reference)
        found = stand_in(reference, self._catalog, self._shelving)
        if isinstance(found, Rejection):
            return found
        for event in found.events:
            self._catalog.evolve(event, self._catalog.version + 1, recorded_at_us=0)
        return found.item

    def _known(self, submissions: Sequence[Submission]) -> set[object]:
        event = ledger_event.c
        query = select(event.submission_id).where(
            event.originator_id == self._stream,
            event.submission_id.in_([each.id for each in submissions]),
        )
        with read_transaction(self._engine) as connection:
            return set(connection.execute(query).scalars())
