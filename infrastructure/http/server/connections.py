"""Connections that don't wait for ever: for a request to arrive, or for an answer to be taken.

The server's library waits as long as a client keeps a connection open, so a stranger who sends a
byte now and then could hold all there are. Nor may one address hold all that there are, unless it
is a trusted proxy's. An answer that goes on for hours, a stream, isn't one of the connections that
are counted: the application bounds how many of these it begins, and an address has as many of them
beside its connections.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from infrastructure.http.server.addresses import Network, is_in, network_of


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a connection may take up."""

    head_size_max_bytes: int
    request_seconds_max: float
    connections_max: int
    address_connections_max: int
    trusted_proxies: Collection[Network]


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of a server's connections: those with a stream, and how many by address."""

    streams: "set[BoundedProtocol]" = field(default_factory=set)
    connections_by_address: Counter[str] = field(default_factory=Counter)
    streams_by_address: Counter[str] = field(default_factory=Counter)


STREAM_EXTENSION = "watchledger.stream"
"""The connection among a scope's extensions, for an application that answers with a stream."""


class HeadTooLarge(Exception):
    """The request's line and headers are larger than they may be."""


class HostUnclear(Exception):
    """The request doesn't say, or says twice, which host it is for (RFC 9112, 3.2)."""


class BoundedProtocol(HttpToolsProtocol):
    """The library's protocol with a deadline for each request, and bounds for its head."""

    def __init__(self, bounds: Bounds, held: Held, **given: Any) -> None:
        super().__init__(**given)
        self.access_log = False  # it would hold queries, and so what was put there by mistake
        self._bounds = bounds
        self._held = held
        self._address: str | None = None
        self._end_stream: Callable[[], None] | None = None
        self._is_ending = False
        self._deadline: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None
        self._is_in_head = False
        self._head_size_bytes = 0
        self._unfinished_size_bytes = 0
        self._is_host_unclear = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the library has it
        super().connection_made(transport)
        self._take_place()
        if self._are_too_many():
            self._refuse(503, "too_many_connections", "Too many are connected. Try again later.")
            return
        self._start_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_deadline()
        self._stop_watching()
        self._forget_stream()
        self._leave_place()
        super().connection_lost(exc)

    def _take_place(self) -> None:
        """Counts the connection for its address, if it isn't a proxy that speaks for many."""
        address = self.client[0] if self.client else ""
        if not is_in(address, self._bounds.trusted_proxies):
            self._address = network_of(address)
            self._held.connections_by_address[self._address] += 1

    def _leave_place(self) -> None:
        if self._address is not None:
            _count_down(self._held.connections_by_address, self._address)

    def _are_too_many(self) -> bool:
        bounds, held = self._bounds, self._held
        if len(self.connections) - len(held.streams) > bounds.connections_max:
            return True
        if self._address is None:
            return False
        streams = held.streams_by_address[self._address]
        count = held.connections_by_address[self._address] - streams
        return count > bounds.address_connections_max

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
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            self._is_host_unclear = True
            raise HostUnclear
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._end_deadline()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._forget_stream()
        super().on_response_complete()
        self._watch_sending()

    def begin_stream(self, end: Callable[[], None]) -> bool:
        """The answer at hand goes on until `end` is called, which the server does when it ends.

        False if the client's address holds as many as it may.
        """
        held = self._held
        if self._address is not None:
            if held.streams_by_address[self._address] >= self._bounds.address_connections_max:
                return False
            held.streams_by_address[self._address] += 1
        held.streams.add(self)
        self._end_stream = end
        if self._is_ending:
            end()
        return True

    def hang_up(self) -> None:
        """Ends the connection without waiting for what was written to be taken."""
        self.transport.abort()

    def _forget_stream(self) -> None:
        if self not in self._held.streams:
            return
        self._held.streams.remove(self)
        if self._address is not None:
            _count_down(self._held.streams_by_address, self._address)
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
        elif self._is_host_unclear:
            self._refuse(
                400, "host_unclear", "Say once which host it is for: send one header Host."
            )
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


def _count_down(counts: Counter[str], address: str) -> None:
    counts[address] -= 1
    if not counts[address]:
        del counts[address]


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
