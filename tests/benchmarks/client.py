"""A bare HTTP client on one kept connection: what it takes would hide what the server takes."""

import socket
from types import TracebackType
from typing import Self

from tests.benchmarks.server import TOKEN

_READ_BYTES = 1 << 16


class Client:
    """Sends requests one after the other to a port of this machine."""

    def __init__(self, port: int, token: str = TOKEN) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = f" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._socket.close()

    def get(self, path: str) -> bytes:
        """The body of a 200. Raises AssertionError for any other answer."""
        return self._ask(f"GET {path}{self._head}\r\n".encode())

    def post(self, path: str, body: bytes) -> bytes:
        """As `get`."""
        length = f"Content-Length: {len(body)}\r\n"
        return self._ask(f"POST {path}{self._head}{length}\r\n".encode() + body)

    def _ask(self, request: bytes) -> bytes:
        self._socket.sendall(request)
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._received()
        head, body = answer[:end], answer[end + 4 :]
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        while len(body) < length:
            body += self._received()
        assert head.startswith(b"HTTP/1.1 200"), answer
        return body

    def _received(self) -> bytes:
        received = self._socket.recv(_READ_BYTES)
        assert received, "the server has closed the connection"
        return received
