"""The stage of the demo: a scratch ledger that a real server serves, and players that call it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from importlib.resources import files
from pathlib import Path
from secrets import token_urlsafe
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from pydantic_core import from_json, to_json

from infrastructure.bootstrap import opened
from infrastructure.http.app import make_app
from infrastructure.http.server.serving import HttpServer, address_of, listen
from infrastructure.operations.logs import configure_logging
from infrastructure.settings.settings import load_settings

Json = dict[str, Any]

_WAIT_SECONDS = 15.0


class Stage(NamedTuple):
    """Where the server answers, and the token that may do everything there."""

    url: str
    admin_token: str


@contextmanager
def scratch_service(directory: Path, port: int) -> Iterator[Stage]:
    """A service on a new ledger in a directory, until the end of the block.

    Raises ListenProblem, DatabaseProblem, SettingsProblem.
    """
    settings = load_settings(
        {
            "data_dir": directory,
            "database_url": f"sqlite:///{directory / 'watchledger.db'}",
            "admin_token": token_urlsafe(32),
            "log_level": "error",
            "log_format": "console",
        }
    )
    configure_logging(settings)
    with listen("127.0.0.1", port) as listening, opened(settings) as services:
        server = HttpServer(make_app(services), settings)
        thread = Thread(target=server.run, args=[[listening]], name="http")
        thread.start()
        try:
            yield Stage(address_of(listening), services.admin_token.token)
        finally:
            server.stop()
            thread.join()


def library() -> list[Json]:
    """The small catalog that ships with the project, as it is sent."""
    text = files("infrastructure.demo").joinpath("library.ndjson").read_bytes()
    return [from_json(line) for line in text.splitlines()]


def last_evening(clock: str) -> datetime:
    """A time of yesterday's evening."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    return datetime.combine(yesterday, time.fromisoformat(clock), UTC)


class Caller:
    """Somebody with a token; reads wait until what was written is projected."""

    def __init__(self, url: str, token: str) -> None:
        self._connection = HTTPConnection(str(urlsplit(url).netloc), timeout=_WAIT_SECONDS)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        """The answer. Raises CallFailed for one that is a problem."""
        content = None if body is None else to_json(body)
        return self._answered(method, f"/v1{path}", content, self._headers)

    def deliver(self, hook: str, content_type: str, body: bytes) -> Json:
        """What a media server is answered, which has no token but the hook's secret."""
        return self._answered("POST", hook, body, {"Content-Type": content_type})

    def _answered(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> Json:
        self._connection.request(method, path, content, headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise CallFailed(f"{method} {path}: {response.status} {answer.decode()}")
        found: Json = from_json(answer)
        return found

    def read(self, path: str, after: int, **parameters: Any) -> Json:
        query = {"after": after, "wait_seconds": _WAIT_SECONDS - 5, **parameters}
        return self.call("GET", f"{path}?{urlencode(query)}")

    def close(self) -> None:
        self._connection.close()


class CallFailed(Exception):
    """The server answered with a problem, which is a fault of the demo."""


def event(kind: str, item: str, clock: str, **claims: float) -> Json:
    """What a player sends of something that happened yesterday evening."""
    occurred_at = last_evening(clock).isoformat()
    return {"id": str(uuid4()), "type": kind, "item": item, "occurred_at": occurred_at, **claims}
