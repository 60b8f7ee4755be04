"""The change feed: tells everybody who listens of each projected page, by one look for all of them.

It follows the position watch while anybody listens. A page is read once; then each listener is told
what it changed for its device user. Streams aren't requests: they count against a bound of their
own, in all and for each device, so that neither takes the other's place.
"""

import asyncio
from asyncio import Future, Task, TimerHandle
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import NamedTuple

import structlog
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from domain.directory import Directory
from infrastructure.database.problems import DatabaseProblem
from infrastructure.http.event_stream import Listener, Message, encoded
from infrastructure.http.position_watch import PositionWatch
from infrastructure.http.problem_details import Problem
from infrastructure.ledger.reader import head
from infrastructure.querying.changes import Changed, missed_page, next_page
from infrastructure.querying.reader import Reader

COMMENT_SECONDS = 15.0
_RETRY_SECONDS = 1.0
_STREAMS_OF_A_DEVICE_MAX = 16
_LOOKING_BACK_MAX = 4
"""So many look into the ledger at once for what they missed: the threads are needed for others."""

_log = structlog.get_logger()


class _Place(NamedTuple):
    """How far everybody was told, and the directory as of then."""

    position: int
    directory: Directory


class _Told(NamedTuple):
    """What is to be sent to whom, by cduid, the admin being None."""

    place: _Place
    messages: dict[str | None, bytes]


class ChangeFeed:
    """Knows who listens, in one event loop."""

    def __init__(self, watch: PositionWatch, reader: Reader, streams_max: int) -> None:
        self._watch = watch
        self._reader = reader
        self._streams_max = streams_max
        self._listeners: set[Listener] = set()
        self._of_devices: Counter[str] = Counter()
        self._task: Task[None] | None = None
        self._begun: Future[None] | None = None
        self._beat: TimerHandle | None = None
        self._looking_back = asyncio.Semaphore(_LOOKING_BACK_MAX)

    @asynccontextmanager
    async def listening(self, listener: Listener) -> AsyncIterator[None]:
        """Whatever is projected from here on is offered to the listener, until the block ends.

        Raises Problem if there are too many, DatabaseProblem.
        """
        self._add(listener)
        try:
            await self._follow()
            yield
        finally:
            self._remove(listener)

    def _add(self, listener: Listener) -> None:
        token = listener.token_sha256
        if len(self._listeners) >= self._streams_max:
            raise _too_many("There are as many streams as are held. Try again later.")
        if token is not None and self._of_devices[token] >= _STREAMS_OF_A_DEVICE_MAX:
            raise _too_many("This token has as many streams as it may. End one of them first.")
        self._listeners.add(listener)
        if token is not None:
            self._of_devices[token] += 1

    def _remove(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        if (token := listener.token_sha256) is not None:
            self._of_devices[token] -= 1
            if not self._of_devices[token]:
                del self._of_devices[token]
        if not self._listeners:
            self._rest()

    def _rest(self) -> None:
        """Nobody listens: nothing is looked for."""
        if self._task is not None:
            self._task.cancel()
        if self._beat is not None:
            self._beat.cancel()
        self._task = self._begun = self._beat = None

    async def _follow(self) -> None:
        """Sees to it that pages are followed, from a place that is known by the end."""
        if self._task is None or self._begun is None or self._task.done():
            loop = asyncio.get_running_loop()
            self._begun = loop.create_future()
            self._task = asyncio.create_task(self._run(self._begun), name="change-feed")
            if self._beat is None:
                self._beat = loop.call_later(COMMENT_SECONDS, self._comment)
        await asyncio.shield(self._begun)

    def _comment(self) -> None:
        self._beat = asyncio.get_running_loop().call_later(COMMENT_SECONDS, self._comment)
        for listener in self._listeners:
            listener.comment()

    async def _run(self, begun: Future[None]) -> None:
        try:
            place = await run_in_threadpool(self._here)
            begun.set_result(None)
            while True:
                place = await self._tell_next(place)
        except Exception as error:  # noqa: BLE001  # it goes to whom it concerns, or into the log
            if not begun.done():
                begun.set_exception(error)
                return
            # Whoever listens comes again, and is told what is wrong.
            _log.exception("change feed stopped")
            for listener in list(self._listeners):
                listener.end()

    def _here(self) -> _Place:
        with self._reader.snapshot() as snapshot:
            return _Place(snapshot.position, snapshot.directory)

    async def _tell_next(self, place: _Place) -> _Place:
        """Tells of the next page, once there is one. A database that is away is waited for."""
        try:
            await self._watch.beyond(place.position)
            cduids = {listener.cduid for listener in self._listeners}
            told = await run_in_threadpool(self._look, place, cduids)
        except DatabaseProblem as problem:
            _log.warning("change feed waits", problem=str(problem))
            await asyncio.sleep(_RETRY_SECONDS)
            return place
        self._deliver(told)
        return told.place

    def _look(self, place: _Place, cduids: Collection[str | None]) -> _Told:
        with self._reader.snapshot() as snapshot:
            page = next_page(snapshot, place.position, place.directory)
        if page is None:
            return _Told(place, {})
        found = {
            cduid: page.seen_by_admin() if cduid is None else page.seen_by(cduid)
            for cduid in cduids
        }
        written: dict[int, bytes] = {}
        for changed in found.values():
            if changed is not None and id(changed) not in written:
                written[id(changed)] = _changed_event(page.position, changed)
        messages = {
            cduid: written[id(changed)] for cduid, changed in found.items() if changed is not None
        }
        return _Told(_Place(page.position, page.directory), messages)

    def _deliver(self, told: _Told) -> None:
        place = told.place
        for listener in list(self._listeners):
            if not _may_listen(listener, place.directory):
                listener.end()
            elif (content := told.messages.get(listener.cduid)) is not None:
                listener.offer(Message(place.position, content))

    async def missed(self, listener: Listener, since: int | None) -> bytes:
        """What a listener missed since a position, as events; what is told by it is skipped then.

        Nothing if there is nothing, or nothing was missed (None). Raises DatabaseProblem.
        """
        if since is None:
            return b""
        async with self._looking_back:
            position, content = await run_in_threadpool(self._look_back, listener.cduid, since)
        listener.skip(position)
        return content

    def _look_back(self, cduid: str | None, since: int) -> tuple[int, bytes]:
        with self._reader.snapshot() as snapshot:
            position = snapshot.position
            if cduid is not None and cduid not in snapshot.directory.device_users:
                return position, b""  # it has just gone, and so its streams end
            if since >= position:
                is_there = since <= head(snapshot.connection).position
                return position, b"" if is_there else _reset(position)
            page = missed_page(snapshot, since, cduid)
        if page is None:
            return position, _reset(position)
        changed = page.seen_by_admin() if cduid is None else page.seen_by(cduid)
        return position, b"" if changed is None else _changed_event(position, changed)


def _may_listen(listener: Listener, directory: Directory) -> bool:
    """Whether the token that it came with is still the device's, and there is such a device."""
    if listener.cduid is None:
        return True
    known = directory.device_users.get(listener.cduid)
    if known is None:
        return False
    return listener.token_sha256 in {None, known.token_sha256}


def _too_many(detail: str) -> Problem:
    return Problem("too_many_streams", detail)


def _changed_event(position: int, changed: Changed) -> bytes:
    data = {
        "position": position,
        "items": changed.items,
        "more": changed.is_more,
        "next_up": changed.next_up,
        "history": changed.history,
    }
    return encoded("changed", position, to_json(data).decode())


def _reset(position: int) -> bytes:
    return encoded("reset", position, to_json({"position": position}).decode())
