"""Connections that don't wait for ever: for a request to arrive, or for an answer to be taken.

The server's library waits as long as a client keeps a connection open, so a stranger who sends a
byte now and then could hold all there are. An answer that goes on for hours, a stream, isn't one of
the connections that are counted: the application bounds how many of these it begins.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a connection may take up."""

    head_size_max_bytes: int
    request_seconds_max: float
    connections_max: int


STREAM_EXTENSION = "watchledger.stream"
"""The connection among a scope's extensions, for an application that answers with a stream."""


class HeadTooLarge(Exception):
    """The request's line and headers are larger than they may be."""


class BoundedProtocol(HttpToolsProtocol):
    """The library's protocol with a deadline for each request, and bounds for its head."""

    def __init__(self, bounds: Bounds, streams: "set[BoundedProtocol]", **given: Any) -> None:
        """`streams` are the connections of the server that hold a stream."""
        super().__init__(**given)
        self.access_log = False  # it would hold queries, and so what was put there by mistake
        self._bounds = bounds
        self._streams = streams
        self._end_stream: Callable[[], None] | None = None
        self._is_ending = False
        self._deadline: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None
        self._is_in_head = False
        self._head_size_bytes = 0
        self._unfinished_size_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the library has it
        super().connection_made(transport)
        if len(self.connections) - len(self._streams) > self._bounds.connections_max:
            self._refuse(503, "too_many_connections", "Too many are connected. Try again later.")
            return
        self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_deadline()
        self._stop_watching()
        self._forget_stream()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._deadline is None:
            self._start_deadline()
        super().data_received(data)
        if self._is_in_head:
            self._unfinished_size_bytes += len(data)
            if self._unfinished_size_bytes > self._bounds.head_size_max_bytes:
                self._refuse_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: dict[str, Any] = {STREAM_EXTENSION: self}
        self.scope["extensions"] = extensions
        self._is_in_head = True
        self._head_size_bytes = self._unfinished_size_bytes = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._end_deadline()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._forget_stream()
        super().on_response_complete()
        self._watch_sending()

    def begin_stream(self, end: Callable[[], None]) -> None:
        """The answer at hand goes on until `end` is called, which the server does when it ends."""
        self._streams.add(self)
        self._end_stream = end
        if self._is_ending:
            end()

    def hang_up(self) -> None:
        """Ends the connection without waiting for what was written to be taken."""
        self.transport.abort()

    def _forget_stream(self) -> None:
        self._streams.discard(self)
        self._end_stream = None

    def shutdown(self) -> None:
        self._is_ending = True
        super().shutdown()
        if self._end_stream is not None:
            self._end_stream()
            if self.flow.write_paused:  # its reader is slow, and isn't waited for
                self.hang_up()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_sending()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_watching()
        self._watch_sending()

    def send_400_response(self, msg: str) -> None:
        """Answers what the parser can't read, or stopped reading."""
        if self._head_size_bytes > self._bounds.head_size_max_bytes:
            self._refuse_head()
        else:
            self._refuse(400, "request_unreadable", msg)

    def _count(self, size_bytes: int) -> None:
        self._head_size_bytes += size_bytes
        if self._head_size_bytes > self._bounds.head_size_max_bytes:
            raise HeadTooLarge

    def _refuse_head(self) -> None:
        most = self._bounds.head_size_max_bytes
        self._refuse(
            431, "head_too_large", f"The request's line and headers are over {most} bytes."
        )

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Answers, if no other answer has begun, and closes the connection."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_problem(status, code, detail))
        self.transport.close()

    def _start_deadline(self) -> None:
        seconds = self._bounds.request_seconds_max
        self._deadline = self.loop.call_later(seconds, self._on_deadline)

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _on_deadline(self) -> None:
        if self.flow.read_paused:  # it is we who don't read on
            self._start_deadline()
            return
        seconds = self._bounds.request_seconds_max
        detail = f"The request didn't arrive within {seconds:g} seconds. Send it again."
        self._refuse(408, "request_timeout", detail)

    def _watch_sending(self) -> None:
        """Looks now and then whether an answer is taken, and hangs up if nothing of it is."""
        left = self.transport.get_write_buffer_size()
        if left and self._sending is None:
            seconds = self._bounds.request_seconds_max
            self._sending = self.loop.call_later(seconds, self._check_sending, left)

    def _stop_watching(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _check_sending(self, left_before: int) -> None:
        self._sending = None
        if self.transport.get_write_buffer_size() >= left_before:
            self.transport.abort()
        else:
            self._watch_sending()


def _problem(status: int, code: str, detail: str) -> bytes:
    title = HTTPStatus(status).phrase
    body = to_json(
        {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    )
    head = (
        f"HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
