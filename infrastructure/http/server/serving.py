"""Serves HTTP on a socket of its own, and ends in order: what was taken is finished first."""

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_network
from types import FrameType
from typing import ClassVar

import uvicorn
from starlette.types import ASGIApp

from infrastructure.http.server.connections import BoundedProtocol, Bounds, Held
from infrastructure.settings.settings import Settings, listed

_GRACE_SECONDS = 7
"""How long requests at hand may take once the end was asked for; all of it must take under 10 s."""

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class ListenProblem(Exception):
    """The address can't be listened at; the message says what to do."""

    code: ClassVar[str] = "listen_problem"


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections; port 0 takes a free one. Raises ListenProblem."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=512)
    except OSError as error:
        raise ListenProblem(
            f"{host}:{port} can't be listened at: {_reason(error)}. Stop what listens there, or "
            "choose another with --host and --port (WATCHLEDGER_HOST, WATCHLEDGER_PORT)."
        ) from error


def _reason(error: OSError) -> str:
    """The system's words without the library's, which repeat the address."""
    return (error.strerror or str(error)).partition(" (")[0]


def address_of(listening: socket.socket) -> str:
    """The URL that a socket answers at."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class HttpServer(uvicorn.Server):
    """Serves an application until `stop`."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        proxies = listed(settings.trusted_proxies)
        bounds = Bounds(
            head_size_max_bytes=settings.header_size_max_bytes,
            request_seconds_max=settings.request_seconds_max,
            connections_max=settings.connections_max,
            address_connections_max=settings.address_connections_max,
            trusted_proxies=[ip_network(each, strict=False) for each in proxies],
        )
        super().__init__(
            uvicorn.Config(
                app,
                http=partial(BoundedProtocol, bounds, Held()),  # type: ignore[arg-type]  # it is only called
                loop="auto" if sys.platform == "win32" else "uvloop",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=proxies,
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to `stopped_by_signals`: the library raises them again at the end."""
        yield

    def stop(self) -> None:
        """Take no more requests, finish those at hand, then end."""
        self.should_exit = True


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Has `stop` called on SIGTERM and SIGINT; for the main thread, which alone hears them.

    `stop` runs between any two steps of the main thread, so it mustn't wait for what that holds.
    """

    def handle(_: int, __: FrameType | None) -> None:
        stop()

    before = {each: signal.signal(each, handle) for each in _STOP_SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
