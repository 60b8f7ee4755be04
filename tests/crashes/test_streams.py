"""A thousand event streams on a real process of the service: what they cost, and how they end."""

import re
import resource
import socket
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest

from tests.crashes.services import ADMIN_TOKEN, Home, Service
from tests.helpers.api import event, send
from tests.helpers.streams import listening

_STREAMS = 1_000
_OF_TV = "/v1/device-users/tv/changes"
_GROWTH_MAX_KB = 50_000


def connected(service: Service) -> socket.socket:
    """A stream of the television that has begun."""
    connection = socket.create_connection(("127.0.0.1", service.port), timeout=30)
    head = f"GET {_OF_TV} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n\r\n"
    connection.sendall(head.encode())
    read_until(connection, b": \n\n")
    return connection


def read_until(connection: socket.socket, end: bytes) -> bytes:
    received = b""
    while end not in received:
        chunk = connection.recv(65536)
        assert chunk, received
        received += chunk
    return received


def status(service: Service, name: str) -> int:
    """What the system says of the process."""
    text = Path(f"/proc/{service.process.pid}/status").read_text(encoding="ascii")
    found = re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)
    assert found is not None
    return int(found[1])


@pytest.fixture
def many_files() -> Iterator[None]:
    """The process and its service may hold open what a thousand streams take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * _STREAMS), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_thousand_idle_streams_cost_no_thread_and_little_memory_and_all_are_told(
    home: Home,
) -> None:
    service = home.serve("--address-connections-max", "2000")
    service.settle("tv")
    streams = [connected(service) for _ in range(10)]  # so that what the first ones load is there
    threads, memory_kb = status(service, "Threads"), status(service, "VmRSS")
    streams += [connected(service) for _ in range(_STREAMS)]
    assert status(service, "Threads") <= threads + 1
    assert status(service, "VmRSS") - memory_kb < _GROWTH_MAX_KB
    with service.client() as client:  # streams take the place of no request
        [result] = send(client, event("movie:1", cduid="tv"))
    for stream in streams:
        assert f"id: {result['position']}\n".encode() in read_until(stream, b"\n\n")
    began_at = monotonic()
    assert service.stop() == 0
    assert monotonic() - began_at < 5
    for stream in streams:
        assert read_until(stream, b"0\r\n\r\n").endswith(b"0\r\n\r\n")
        stream.close()


def watched(client: httpx.Client, number: int) -> int:
    sent: dict[str, Any] = event(f"movie:{number}", cduid="tv")
    return int(send(client, sent)[0]["position"])


@pytest.mark.parametrize("number_of_restarts", [3])
def test_whoever_comes_again_after_a_restart_has_missed_nothing(
    home: Home, number_of_restarts: int
) -> None:
    service = home.serve()
    service.settle("tv")
    port = service.port
    with service.client() as client, listening(client, _OF_TV) as stream:
        watched(client, 0)
        told = stream.next()
    for number in range(number_of_restarts):
        with service.client() as client:
            items = {f"movie:{each}" for each in (1, 2 + number)}
            last = [watched(client, each) for each in (1, 2 + number)][-1]
        service.stop() if number % 2 else service.kill()
        service = home.serve(port=port)
        with service.client() as client:
            client.get("/v1/device-users", params={"after": last}).raise_for_status()
            with listening(client, _OF_TV, last_event_id=told.id) as stream:
                told = stream.next()
                assert set(told.data["items"]) == items | {"movie_shelf:m"}
                assert told.id == last
                last = watched(client, 9)
                told = stream.next()
                assert (told.id, told.data["items"]) == (last, ["movie:9", "movie_shelf:m"])
