"""Taking a delivery: from what was heard to who said it, what is recorded of it, and how it went.

It knows no kind of server and no rule: what is said goes the way of every submission.
"""

from asyncio import wrap_future
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import ValidationError
from sqlalchemy import Engine, select
from starlette.concurrency import run_in_threadpool

from domain.events import (
    ItemUnwatched,
    ItemWatched,
    ProgressReported,
    Spoken,
    UnknownAccounts,
    device_user_stream,
)
from domain.instants import from_us
from domain.items import Kind
from domain.references import Reference, unresolved_item
from domain.rejection import Rejection
from domain.resolving import Resolver
from domain.source import Source, cduid_of
from domain.sourcing import Speaker
from domain.standing_in import Shelf, Shelving
from infrastructure.commands.activity import ActivityHandler, Submitted, Taken
from infrastructure.commands.authentication import Caller
from infrastructure.commands.handler import CommandHandler
from infrastructure.commands.source_handler import SourceHandler
from infrastructure.commands.submissions import Submission
from infrastructure.commands.validation import faults, in_words
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.entries import Answer
from infrastructure.ledger.schema import ledger_event
from infrastructure.sources.deliveries import RETRIED, Arrival, DeliveryLog, Result, Status
from infrastructure.sources.heard import (
    Account,
    Delivery,
    Heard,
    Listed,
    NotUnderstood,
    Removed,
    Said,
)
from infrastructure.sources.keeping import essence
from infrastructure.sources.kinds import hear

_HOUR_US = 3600 * 1_000_000
_LENGTH_MAX = 1_000
_ADMIN = Caller(None)
_NO_NEWS = "It tells nothing that wasn't known."
_DELIVERIES = uuid5(NAMESPACE_URL, "watchledger:deliveries")
_SAID: dict[str, type[Spoken]] = {
    "watch": ItemWatched,
    "unwatch": ItemUnwatched,
    "progress": ProgressReported,
}


class Retried(NamedTuple):
    """How many deliveries were tried again, and how many of them went well."""

    tried: int
    settled: int


@dataclass(frozen=True, slots=True)
class _Pending:
    """A delivery whose submissions were handed over, and how it went as far as that is known."""

    submitted: Submitted
    result: Result

    def finished(self, answer: Answer) -> Result:
        """How it went, by what the writer answered."""
        return _settled(self.result, self.submitted.taken(answer))


class DeliveryTaker:
    """Takes deliveries from any thread."""

    def __init__(
        self,
        engine: Engine,
        directories: CurrentDirectory,
        activity: ActivityHandler,
        handler: CommandHandler,
        sources: SourceHandler,
        log: DeliveryLog,
    ) -> None:
        self._engine = engine
        self._directories = directories
        self._activity = activity
        self._handler = handler
        self._sources = sources
        self._log = log

    async def take(self, source: Source, delivery: Delivery) -> Result:
        """Takes a delivery in; no thread waits for the disk. Raises DatabaseProblem.

        What may be tried again is kept by then.
        """
        arrival, begun = await run_in_threadpool(self._arrived, source, delivery)
        if isinstance(begun, Result):
            result = begun
        else:
            result = begun.finished(await wrap_future(begun.submitted.answer))
        if result.status in RETRIED:
            await run_in_threadpool(self._log.add, arrival, result)
        else:
            self._log.add(arrival, result)
        return result

    def retry(
        self,
        name: str,
        statuses: Collection[Status] = RETRIED,
        ids: Collection[int] | None = None,
    ) -> Retried:
        """Tries again what a source keeps, in the order in which it came.

        Raises Refused for an unknown source.
        """
        tried = settled = 0
        for kept in self._log.kept(name, statuses, ids):
            result = self._finish(self._begin(self._sources.named(name), kept.arrival))
            self._log.retried(kept, result)
            tried += 1
            settled += result.status not in RETRIED
        return Retried(tried, settled)

    def retry_held(self, source: Source) -> Retried:
        """Tries again what waits for its account, if that may be somebody's by now."""
        if not source.accounts and source.unknown_accounts is UnknownAccounts.HOLD:
            return Retried(0, 0)
        held: tuple[Status, ...] = ("held",)
        return self.retry(source.name, held)

    def _arrived(self, source: Source, delivery: Delivery) -> tuple[Arrival, Result | _Pending]:
        kept = essence(delivery)
        digest = sha256(kept.body).hexdigest()
        arrival = Arrival(source.name, self._activity.clock_us(), kept, digest)
        return arrival, self._begin(source, arrival)

    def _finish(self, begun: Result | _Pending) -> Result:
        if isinstance(begun, Result):
            return begun
        return begun.finished(begun.submitted.answer.result())

    def _begin(self, source: Source, arrival: Arrival) -> Result | _Pending:
        """Who said it is found or made, what it is about is placed, and all is handed over."""
        try:
            heard = hear(source.kind, arrival.delivery)
        except NotUnderstood as fault:
            return Result("failed", str(fault))
        result = Result("ignored", heard.why_ignored, _line(heard.event), _line(heard.title))
        said = [each for each in heard.things if isinstance(each, Said)]
        if said:
            result = replace(result, **_who(said[0].account))
        for speaker in dict.fromkeys(map(_speaker, said)):
            refused = self._sources.admit(source.name, speaker)
            if refused is not None:
                return replace(result, status="held", reason=refused.detail)
        result = self._of_catalog(source, heard, result)
        return self._handed_over(source, arrival, said, result) if said else result

    def _handed_over(
        self, source: Source, arrival: Arrival, said: Sequence[Said], result: Result
    ) -> Result | _Pending:
        cduid = _cduid(source, said[0])
        result = replace(result, user=self._directories.latest().device_users[cduid].user)
        try:
            submissions = list(self._submissions(source, arrival, said))
        except ValidationError as error:
            return replace(result, status="failed", reason=f"{in_words(faults(error))}.")
        shelving = _shelving(source, said[0].library)
        return _Pending(self._activity.hand_over(_ADMIN, submissions, shelving=shelving), result)

    def _of_catalog(self, source: Source, heard: Heard, result: Result) -> Result:
        """What is said of the server's library is placed, or hidden again."""
        told = [each for each in heard.things if not isinstance(each, Said)]
        if not told:
            return result
        before = self._directories.latest().catalog.version
        faults = [fault for each in told if (fault := self._catalogued(source, each))]
        if faults:
            return replace(result, status="failed", reason=" ".join(faults))
        if self._directories.latest().catalog.version != before:
            return replace(result, status="taken")
        return replace(result, status="unchanged", reason=_NO_NEWS)

    def _catalogued(self, source: Source, told: Listed | Removed) -> str | None:
        """Places or hides one thing; why not, if that is a fault."""
        if isinstance(told, Removed):
            if self._is_its_own(source, told.reference):
                self._handler.hide_stand_in(told.reference)
            return None
        if not source.places:
            return None
        shelving = _shelving(source, told.library)
        [found] = self._handler.stand_in([told.reference], shelving)
        if isinstance(found, Rejection):
            return found.detail
        catalog = self._directories.latest().catalog
        is_hidden = found in catalog.hidden and catalog.nodes[found].stands_in
        if is_hidden and not any(map(catalog.is_present, catalog.work(found))):
            self._handler.restore_item(found)  # it is in the server's library again
        return None

    def _is_its_own(self, source: Source, reference: Reference) -> bool:
        """Whether what is meant stands on a shelf of the source, and not on another's."""
        catalog, shelves = self._directories.latest().catalog, source.all_shelves()
        found = Resolver(catalog, shelves=shelves).resolve(reference)
        if isinstance(found, Rejection):
            return False
        return any(above in shelves for above, _ in catalog.above(found))

    def _submissions(
        self, source: Source, arrival: Arrival, said: Sequence[Said]
    ) -> Iterator[Submission]:
        for index, each in enumerate(said):
            cduid = _cduid(source, each)
            id_ = self._id(arrival, index, each, cduid)
            yield Submission(id_, cduid, _event(each, arrival.arrived_at_us))

    def _id(self, arrival: Arrival, index: int, said: Said, cduid: str) -> UUID:
        """The same however often a delivery comes, over the hour of its arrival if it has no time.

        What was recorded within the hour is the same, too, where another hour has begun since.
        """
        name = f"{arrival.source}:{arrival.sha256}:{index}"
        if said.occurred_at is not None:
            return uuid5(_DELIVERIES, name)
        hour = arrival.arrived_at_us // _HOUR_US
        before = uuid5(_DELIVERIES, f"{name}:{hour - 1}")
        if self._was_recorded(cduid, before, arrival.arrived_at_us - _HOUR_US):
            return before
        return uuid5(_DELIVERIES, f"{name}:{hour}")

    def _was_recorded(self, cduid: str, id_: UUID, since_us: int) -> bool:
        query = select(ledger_event.c.recorded_at_us).where(
            ledger_event.c.originator_id == device_user_stream(cduid),
            ledger_event.c.submission_id == id_,
        )
        with read_transaction(self._engine) as connection:
            recorded_at_us = connection.execute(query).scalar()
        return recorded_at_us is not None and recorded_at_us >= since_us


def _settled(result: Result, taken: Sequence[Taken]) -> Result:
    """How a delivery went, by what became of its submissions.

    An id that was recorded with other content is the same heard again, at another moment.
    """
    rejected = [each.result for each in taken if isinstance(each.result, Rejection)]
    outcomes = [each.result for each in taken if not isinstance(each.result, Rejection)]
    positions = tuple(dict.fromkeys(each.position for each in outcomes))
    if rejected:
        return replace(_refused(result, rejected), positions=positions)
    is_news = any(each.status == "recorded" for each in outcomes)
    return replace(
        result,
        status="taken" if is_news else "unchanged",
        reason=None if is_news else _NO_NEWS,
        positions=positions,
    )


def _refused(result: Result, rejected: Sequence[Rejection]) -> Result:
    """What is ambiguous is held until somebody says which is meant; anything else has failed."""
    is_held = all(each.code == "ambiguous" for each in rejected)
    reason = " ".join(dict.fromkeys(each.detail for each in rejected))
    return replace(result, status="held" if is_held else "failed", reason=reason)


def _shelving(source: Source, library: str | None) -> Shelving:
    movies, shows = (source.shelf(kind, library) for kind in (Kind.MOVIE, Kind.SHOW))
    return Shelving(Shelf(movies, source.name), Shelf(shows, source.name), source.places)


def _event(said: Said, arrived_at_us: int) -> Spoken:
    """What was said as an event. Raises ValidationError.

    What has no time is as of its arrival, but a watch that only follows from another.
    """
    facts: dict[str, Any] = {
        "item": unresolved_item(said.reference),
        "ref": said.reference,
        "occurred_at": said.occurred_at or (None if said.by_now else from_us(arrived_at_us)),
    }
    if said.type != "unwatch":
        facts["duration_seconds"] = said.duration_seconds or None
    if said.type == "progress":
        facts |= {
            "played_seconds": said.played_seconds,
            "share": said.share,
            "state": said.state,
        }
    return _SAID[said.type](**facts)


def _speaker(said: Said) -> Speaker:
    player = said.player
    named = Speaker(_key(said.account), _line(said.account.name))
    if player is None:
        return named
    return named._replace(
        player=player.key, player_name=_line(player.name), player_kind=_line(player.kind)
    )


def _who(account: Account) -> dict[str, Any]:
    return {"account": _key(account), "account_name": _line(account.name)}


def _key(account: Account) -> str:
    return _line(account.key) or ""


def _cduid(source: Source, said: Said) -> str:
    return cduid_of(source.name, _key(said.account), said.player.key if said.player else None)


def _line(text: str | None) -> str | None:
    """What a server calls something, as one line of no more than is kept."""
    if text is None:
        return None
    clean = "".join(each if each.isprintable() else " " for each in text)
    return clean.strip()[:_LENGTH_MAX] or None
