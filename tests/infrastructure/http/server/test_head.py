"""HEAD as it goes over the wire: the head of what GET answers, and not a byte of a body."""

import socket
from urllib.parse import urlsplit

import pytest

from tests.helpers.api import Api

PATHS = ("/healthz", "/openapi.json", "/docs", "/v1/catalog/items", "/v1/nothing", "/v1/events")
_SECONDS = 10


def exchanged(api: Api, *requests: str) -> bytes:
    """All that a server sends to requests on one connection, which the last of them closes."""
    address = urlsplit(api.address)
    lines = [
        f"{request} HTTP/1.1\r\nHost: ledger\r\nAuthorization: Bearer the-admin\r\n"
        for request in requests
    ]
    sent = "\r\n".join(lines) + "Connection: close\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), _SECONDS) as connection:
        connection.sendall(sent.encode())
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def headers(head: bytes) -> dict[str, str]:
    lines = head.decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


@pytest.mark.parametrize("path", PATHS)
def test_a_head_is_the_same_as_of_a_get_and_no_body_goes_out(shared_api: Api, path: str) -> None:
    asked, _, nothing = exchanged(shared_api, f"HEAD {path}").partition(b"\r\n\r\n")
    got, _, body = exchanged(shared_api, f"GET {path}").partition(b"\r\n\r\n")
    assert nothing == b""
    assert body
    assert asked.split(b"\r\n")[0] == got.split(b"\r\n")[0]
    assert headers(asked).keys() == headers(got).keys()
    assert headers(asked)["content-length"] == str(len(body))


def test_what_follows_a_head_on_a_connection_is_the_next_answer(shared_api: Api) -> None:
    answered = exchanged(shared_api, "HEAD /openapi.json", "HEAD /docs", "GET /healthz")
    first, second, third, body = answered.split(b"\r\n\r\n")
    assert [each.split(b"\r\n")[0] for each in (first, second, third)] == [b"HTTP/1.1 200 OK"] * 3
    assert int(headers(first)["content-length"]) > len(body) > 0
