"""A way to a PostgreSQL on which all can stand still, as when the server or its disk does."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from sqlalchemy import URL


class Way:
    """Hands on bytes in both directions. What is held back comes later, whoever still waits."""

    def __init__(self, server: URL) -> None:
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._requests_go, self._answers_go = Event(), Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[Thread] = []
        self.go_on()
        self._start(self._accept)

    @property
    def url(self) -> URL:
        """That of the server, by this way."""
        host, port = self._listening.getsockname()
        return self._server.set(host=host, port=port, query={})

    def hold_answers(self) -> None:
        """The server hears what is asked, and is heard no more."""
        self._answers_go.clear()

    def hold_all(self) -> None:
        self.hold_answers()
        self._requests_go.clear()

    def go_on(self) -> None:
        self._requests_go.set()
        self._answers_go.set()

    def close(self) -> None:
        self.go_on()
        for each in (self._listening, *self._sockets):
            with suppress(OSError):  # it may have ended by itself
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join()

    def _start(self, run: object, *arguments: object) -> None:
        thread = Thread(target=run, args=arguments)  # type: ignore[arg-type]  # a method of ours
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                here, _ = self._listening.accept()
                there = self._connected()
                self._sockets += here, there
                self._start(self._hand_on, here, there, self._requests_go)
                self._start(self._hand_on, there, here, self._answers_go)

    def _connected(self) -> socket.socket:
        host = self._server.query.get("host") or self._server.host
        port = self._server.port or 5432
        if isinstance(host, str) and host.startswith("/"):
            there = socket.socket(socket.AF_UNIX)
            there.connect(f"{host}/.s.PGSQL.{port}")
            return there
        return socket.create_connection((str(host), port))

    def _hand_on(self, source: socket.socket, target: socket.socket, goes: Event) -> None:
        with suppress(OSError):  # one of the two has ended
            while chunk := source.recv(65536):
                goes.wait()
                target.sendall(chunk)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def way_to(server: URL) -> Iterator[Way]:
    way = Way(server)
    try:
        yield way
    finally:
        way.close()
