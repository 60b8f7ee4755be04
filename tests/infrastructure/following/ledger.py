"""A stand-in for the ledger: it keeps what is sent, and is away or refuses as a test wants it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic, sleep
from typing import Any

TOKEN = "device-token"
_WAIT_SECONDS = 30.0

Json = dict[str, Any]


class Ledger:
    """What was recorded, in order; a duplicate isn't, and one that says something else is noted."""

    def __init__(self) -> None:
        self.port = 0
        self.recorded: list[Json] = []
        self.sent_at: list[str] = []
        self.tokens: set[str | None] = set()
        self.duplicates = 0
        self.contradicted: list[Json] = []
        self.error_of: Callable[[Json], Json | None] = lambda _: None
        self.answers: Callable[[bytes], tuple[int, bytes]] | None = None
        self.hangs_up_after_recording = False
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def opens(self) -> None:
        """Listens, at the same port as before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()

    def closes(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def take(self, body: Json) -> Json:
        self.sent_at.append(body["sent_at"])
        return {"results": [self._result(each) for each in body["events"]], "position": 1}

    def said(self) -> list[tuple[Any, ...]]:
        """What was recorded, without ids and times: title or number, state, whole seconds."""
        return [
            (
                each["ref"].get("title") or each["ref"]["episode"],
                each["state"],
                round(each["played_seconds"]),
            )
            for each in self.recorded
        ]

    def wait(self, is_there: Callable[[list[tuple[Any, ...]]], bool]) -> None:
        """Until what was said is so."""
        until = monotonic() + _WAIT_SECONDS
        while not is_there(self.said()):
            assert monotonic() < until, self.said()
            sleep(0.02)

    def _result(self, event: Json) -> Json:
        before = [each for each in self.recorded if each["id"] == event["id"]]
        if before:
            self.duplicates += 1
            self.contradicted += [] if before == [event] else [event]
            return {"id": event["id"], "status": "duplicate", "position": 1}
        if error := self.error_of(event):
            return {"id": event["id"], "status": "rejected", "error": error}
        self.recorded.append(event)
        return {"id": event["id"], "status": "recorded", "position": len(self.recorded)}


@contextmanager
def ledger() -> Iterator[Ledger]:
    stand_in = Ledger()
    stand_in.opens()
    try:
        yield stand_in
    finally:
        stand_in.closes()


def _handler(ledger: Ledger) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            ledger.tokens.add(self.headers["Authorization"])
            if ledger.answers is not None:
                self._answer(*ledger.answers(body))
                return
            assert self.path == "/v1/events"
            answer = ledger.take(json.loads(body))
            if ledger.hangs_up_after_recording:
                self.close_connection = True
                return
            self._answer(200, json.dumps(answer).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
