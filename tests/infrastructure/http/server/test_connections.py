"""Connections that trickle, hang or flood: each is ended, and others are served meanwhile."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
from structlog.testing import capture_logs

from infrastructure.bootstrap import opened
from infrastructure.http.app import make_app
from infrastructure.http.server.serving import HttpServer, listen
from infrastructure.settings.settings import load_settings

_SECONDS = 0.5
_HEADERS_MAX_BYTES = 2048
_ADMIN = b"Authorization: Bearer the-admin\r\n"


@contextmanager
def _serving(directory: Path, **given: Any) -> Iterator[int]:
    settings = load_settings(
        {
            "data_dir": directory,
            "admin_token": "the-admin",
            "sqlite_synchronous": "OFF",
            "request_seconds_max": _SECONDS,
            "header_size_max_bytes": _HEADERS_MAX_BYTES,
            "connections_max": 20,
            "address_connections_max": 5,
            "trusted_proxies": "127.0.0.1",
            "stranger_requests_per_second": 0.5,
            **given,
        }
    )
    with (
        listen("127.0.0.1", 0) as listening,
        opened(settings, projects=False) as services,
        capture_logs(),
    ):
        server = HttpServer(make_app(services), settings)
        thread = Thread(target=server.run, args=[[listening]])
        thread.start()
        while not server.started:
            sleep(0.005)
        try:
            yield listening.getsockname()[1]
        finally:
            server.stop()
            thread.join()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with _serving(tmp_path_factory.mktemp("serving")) as found:
        yield found


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as connection:
        yield connection


def all_of(connection: socket.socket) -> bytes:
    """Everything that comes until the other side hangs up."""
    received = b""
    with suppress(ConnectionResetError):  # hung up while we were still sending
        while chunk := connection.recv(65536):
            received += chunk
    return received


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def healthz(port: int) -> int:
    with connected(port) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return status_of(all_of(connection))


def test_a_connection_that_says_nothing_is_ended(port: int) -> None:
    started_at = monotonic()
    with connected(port) as connection:
        answer = all_of(connection)
    assert status_of(answer) == 408
    assert b"request_timeout" in answer
    assert _SECONDS * 0.9 < monotonic() - started_at < _SECONDS * 6


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n",
        b"POST /v1/events HTTP/1.1\r\nHost: x\r\n" + _ADMIN + b"Content-Length: 90\r\n\r\n",
        b"POST /v1/device-users/tv/token HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n\r\n",
        b"",
    ],
    ids=["headers", "body", "body that nobody reads", "blank lines"],
)
def test_a_request_that_trickles_is_ended_and_others_are_served(
    port: int, beginning: bytes
) -> None:
    started_at = monotonic()
    with connected(port) as connection:
        connection.sendall(beginning)
        with suppress(BrokenPipeError, ConnectionResetError):
            while monotonic() - started_at < 8 * _SECONDS:
                connection.sendall(b"x" if beginning else b"\r\n")
                sleep(_SECONDS / 10)
        assert healthz(port) == 200
    assert monotonic() - started_at < 6 * _SECONDS


def test_a_connection_may_be_used_again_and_each_request_has_its_own_time(port: int) -> None:
    with connected(port) as connection:
        for _ in range(4):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert status_of(connection.recv(65536)) == 200
            sleep(_SECONDS / 3)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 3000 + b"\r\n\r\n",
        b"GET /healthz?" + b"x" * 3000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X-Many: 1\r\n" * 400 + b"\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Endless: " + b"x" * 3000,
    ],
    ids=["long header", "long path", "many headers", "unfinished header"],
)
def test_a_head_that_is_too_large_is_refused(port: int, head: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(head)
        answer = all_of(connection)
    assert status_of(answer) == 431
    assert b"head_too_large" in answer


def test_a_body_may_be_larger_than_a_head(port: int) -> None:
    body = b" " * (3 * _HEADERS_MAX_BYTES)
    head = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + _ADMIN
    with connected(port) as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert b"body_not_json" in all_of(connection)


@pytest.mark.parametrize("noise", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"nonsense\r\n\r\n"])
def test_what_is_no_http_is_refused(port: int, noise: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(noise)
        answer = all_of(connection)
    assert (status_of(answer), b"request_unreadable" in answer) == (400, True)


def test_more_connections_than_are_held_are_turned_away(port: int) -> None:
    opened_ = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(40)]
    refused = 0
    for connection in opened_:
        with closing(connection):
            refused += status_of(all_of(connection)) == 503
    assert refused >= 20
    assert healthz(port) == 200


@contextmanager
def holding(port: int, address: str, count: int) -> Iterator[list[bytes]]:
    """Holds connections from an address; what those were told that were turned away at once."""
    with ExitStack() as stack:
        held = [
            socket.create_connection(("127.0.0.1", port), 5, (address, 0)) for _ in range(count)
        ]
        for each in held:
            stack.enter_context(closing(each))
        sleep(_SECONDS / 2)
        told: list[bytes] = []
        for each in held:
            each.setblocking(False)
            with suppress(BlockingIOError):
                told.append(each.recv(65536))
        yield told


def test_one_address_holds_so_many_connections_and_others_are_served(tmp_path: Path) -> None:
    with (
        _serving(tmp_path, trusted_proxies="", request_seconds_max=5) as port,
        holding(port, "127.0.0.1", 9) as told,
    ):
        assert [status_of(each) for each in told] == [503] * 4
        assert all(b"too_many_connections" in each for each in told)
        with holding(port, "127.0.0.2", 5) as others_told:
            assert others_told == []


def test_what_an_address_lets_go_of_it_may_take_again(tmp_path: Path) -> None:
    with _serving(tmp_path, trusted_proxies="", request_seconds_max=5) as port:
        for _ in range(3):
            with holding(port, "127.0.0.1", 5) as told:
                assert told == []
            sleep(0.1)
        assert healthz(port) == 200


def test_a_trusted_proxy_may_hold_all_connections(tmp_path: Path) -> None:
    with (
        _serving(tmp_path, trusted_proxies="127.0.0.0/8", request_seconds_max=5) as port,
        holding(port, "127.0.0.1", 15) as told,
    ):
        assert told == []


def test_one_address_holds_so_many_streams_beside_its_connections(tmp_path: Path) -> None:
    def stream(port: int, stack: ExitStack) -> bytes:
        connection = stack.enter_context(connected(port))
        connection.sendall(b"GET /v1/changes HTTP/1.1\r\nHost: x\r\n" + _ADMIN + b"\r\n")
        return connection.recv(65536)

    with _serving(tmp_path, trusted_proxies="") as port:
        with ExitStack() as stack:
            statuses = [status_of(stream(port, stack)) for _ in range(5)]
            assert statuses == [200] * 5
            refused = stream(port, stack)
            assert (status_of(refused), b"too_many_streams" in refused) == (503, True)
            assert healthz(port) == 200
        sleep(0.1)
        with ExitStack() as stack:
            assert status_of(stream(port, stack)) == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n", 200),
        (b"GET /healthz HTTP/1.1\r\nhost:\r\n", 200),
        (b"GET /healthz HTTP/1.0\r\n", 200),
        (b"GET /healthz HTTP/1.0\r\nHost: a\r\nHost: a\r\n", 400),
    ],
)
def test_a_request_says_once_which_host_it_is_for(port: int, head: bytes, status: int) -> None:
    with connected(port) as connection:
        connection.sendall(head + b"Connection: close\r\n\r\n")
        answer = all_of(connection)
    assert status_of(answer) == status
    assert (b"host_unclear" in answer) == (status == 400)


def test_an_answer_that_nobody_takes_is_dropped(port: int) -> None:
    request = (
        b"GET /openapi.json HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.9\r\n"
        + _ADMIN
        + b"\r\n"
    )
    with connected(port) as connection:
        known = request.replace(b"/openapi.json", b"/v1/history")
        connection.sendall(known)
        assert status_of(connection.recv(65536)) == 200
        connection.settimeout(2 * _SECONDS)
        asked = 0
        with suppress(TimeoutError, ConnectionResetError, BrokenPipeError):
            while asked < 20_000:
                connection.sendall(request)
                asked += 1
        sleep(4 * _SECONDS)
        connection.settimeout(5)
        answered = all_of(connection).count(b"HTTP/1.1 200 OK")
    assert answered < asked
    assert healthz(port) == 200


def test_an_address_that_a_trusted_proxy_names_is_measured_by_itself(port: int) -> None:
    def status(address: str) -> int:
        head = (
            "GET /v1/history HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            f"X-Forwarded-For: {address}\r\n\r\n"
        )
        with connected(port) as connection:
            connection.sendall(head.encode())
            return status_of(all_of(connection))

    statuses = [status("192.0.2.1") for _ in range(7)]
    assert statuses[:5] == [401] * 5
    assert 429 in statuses[5:]
    assert status("192.0.2.2") == 401
