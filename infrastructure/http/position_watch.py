"""The position watch: one task per process that looks how far the read models are.

Whoever waits for a position waits here, however many they are: they hold no thread, and the
database is asked once for all of them. A projector of the same process tells at once. Who waits for
an answer is looked for often, who only follows what happens now and then.
"""

import asyncio
from asyncio import Future, Task
from collections.abc import Callable
from contextlib import suppress

from starlette.concurrency import run_in_threadpool

_PAUSE_FIRST_SECONDS = 0.001
_PAUSE_MAX_SECONDS = 0.05
_PAUSE_FOLLOWING_SECONDS = 0.25


class PositionWatch:
    """Wakes whoever waits, in one event loop. `read_position` asks the database, in a thread."""

    def __init__(self, read_position: Callable[[], int]) -> None:
        self._read_position = read_position
        self._waiting: dict[Future[int], int] = {}
        self._following: dict[Future[int], int] = {}
        self._task: Task[None] | None = None
        self._told = asyncio.Event()
        self._pause_seconds = _PAUSE_FIRST_SECONDS

    async def reached(self, position: int, wait_seconds: float) -> int:
        """How far the read models are once they have reached a position, or the time is over.

        Raises DatabaseProblem.
        """
        now = await run_in_threadpool(self._read_position)
        if now >= position or wait_seconds <= 0:
            return now
        waiter: Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = position
        self._pause_seconds = _PAUSE_FIRST_SECONDS
        self._look()
        try:
            with suppress(TimeoutError):
                return await asyncio.wait_for(waiter, wait_seconds)
        finally:
            self._waiting.pop(waiter, None)
        return await run_in_threadpool(self._read_position)

    async def beyond(self, position: int) -> int:
        """How far the read models are once they are beyond a position, however long that takes.

        Raises DatabaseProblem.
        """
        waiter: Future[int] = asyncio.get_running_loop().create_future()
        self._following[waiter] = position + 1
        self._look()
        try:
            return await waiter
        finally:
            self._following.pop(waiter, None)

    def _look(self) -> None:
        """Have the one task look at once."""
        self._told.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch(), name="position-watch")

    def tell(self, position: int) -> None:
        """The read models are at a position. From any thread; never waits."""
        for waiter in [*self._waiting, *self._following]:
            with suppress(RuntimeError):  # the loop has ended, and with it whoever waited
                waiter.get_loop().call_soon_threadsafe(self._wake, position)
            return

    async def _watch(self) -> None:
        """Look, as long as anybody waits."""
        while self._waiting or self._following:
            try:
                self._wake(await run_in_threadpool(self._read_position))
            except Exception as error:  # noqa: BLE001  # whoever waits is told
                self._fail(error)
                return
            self._told.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), self._pause())
            self._pause_seconds = min(self._pause_seconds * 2, _PAUSE_MAX_SECONDS)

    def _pause(self) -> float:
        return self._pause_seconds if self._waiting else _PAUSE_FOLLOWING_SECONDS

    def _wake(self, position: int) -> None:
        for waiter, wanted in (*self._waiting.items(), *self._following.items()):
            if wanted <= position and not waiter.done():
                waiter.set_result(position)

    def _fail(self, error: Exception) -> None:
        for waiter in (*self._waiting, *self._following):
            if not waiter.done():
                waiter.set_exception(error)
