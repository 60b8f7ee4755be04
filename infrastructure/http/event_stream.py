"""Event streams: server-sent events (`text/event-stream`) to one reader for as long as it listens.

A stream waits in its connection's own task and holds no thread and no connection of the database.
Whoever has something to tell puts it aside here and never waits: a reader that doesn't take it is
hung up on, and learns what it missed when it comes again.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

from fastapi import Response
from fastapi.sse import format_sse_event
from starlette.types import Receive, Scope, Send

from infrastructure.http.problem_details import Problem
from infrastructure.http.server.connections import STREAM_EXTENSION, BoundedProtocol

MEDIA_TYPE = "text/event-stream"
COMMENT = format_sse_event(comment="")

_PENDING_MAX = 32
"""So many events wait for one reader; more, and it is too slow."""


class Message(NamedTuple):
    """Something to be sent; what a position is told by is left out if it was told before."""

    position: int | None
    content: bytes


def encoded(event: str, position: int, data: str) -> bytes:
    """An event whose id is a position."""
    return format_sse_event(event=event, id=str(position), data_str=data)


class Listener:
    """What is still to be sent to one reader. `cduid` is whose changes, None everybody's.

    `token_sha256` is of the token that it came with, None for the admin's.
    """

    __slots__ = ("_connection", "_is_over", "_pending", "_woken", "cduid", "token_sha256")

    def __init__(self, cduid: str | None, token_sha256: str | None) -> None:
        self.cduid = cduid
        self.token_sha256 = token_sha256
        self._pending: deque[Message] = deque()
        self._woken = asyncio.Event()
        self._is_over = False
        self._connection: BoundedProtocol | None = None

    def attach(self, connection: BoundedProtocol | None) -> None:
        """The connection that it is sent on, where the server hands it out. Raises Problem."""
        self._connection = connection
        if connection is not None and not connection.begin_stream(self.end):
            detail = "This address has as many streams as it may. End one of them first."
            raise Problem("too_many_streams", detail)

    def offer(self, message: Message) -> None:
        """Has something sent, or hangs up if too much is waiting already."""
        if self._is_over:
            return
        if len(self._pending) >= _PENDING_MAX:
            self.end()
            if self._connection is not None:
                self._connection.hang_up()
            return
        self._pending.append(message)
        self._woken.set()

    def comment(self) -> None:
        """Shows that the stream lives, unless something is waiting that shows it as well."""
        if not self._pending:
            self.offer(Message(None, COMMENT))

    def skip(self, position: int) -> None:
        """What is waiting of this position and those before was told in another way."""
        self._pending = deque(each for each in self._pending if (each.position or 0) > position)

    def end(self) -> None:
        """Nothing more is sent."""
        self._is_over = True
        self._pending.clear()
        self._woken.set()

    async def contents(self) -> AsyncIterator[bytes]:
        """What is to be sent, as much at a time as is waiting."""
        while not self._is_over:
            if not self._pending:
                self._woken.clear()
                await self._woken.wait()
                continue
            content = b"".join(each.content for each in self._pending)
            self._pending.clear()
            yield content


class EventStream(Response):
    """The answer that is a stream: `listening` while it lasts, after what was `missed` before."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        listener: Listener,
        listening: Callable[[Listener], AbstractAsyncContextManager[None]],
        missed: Callable[[Listener], Awaitable[bytes]],
    ) -> None:
        super().__init__(media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._listener = listener
        self._listening = listening
        self._missed = missed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        listener = self._listener
        async with self._listening(listener):
            listener.attach(scope.get("extensions", {}).get(STREAM_EXTENSION))
            # Before the answer begins, so that what goes wrong is told as a problem.
            missed = await self._missed(listener)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if not scope["state"].get("is_head"):
                # Something at once, so that whoever is between lets the beginning through.
                await _send(send, COMMENT + missed)
                await self._go_on(receive, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _go_on(self, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_end_when_gone(receive, self._listener))
        try:
            async for content in self._listener.contents():
                await _send(send, content)
        finally:
            gone.cancel()


async def _end_when_gone(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.end()


async def _send(send: Send, content: bytes) -> None:
    await send({"type": "http.response.body", "body": content, "more_body": True})
