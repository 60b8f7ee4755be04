"""Turns away callers that ask for too much, before anything is looked up for them.

Who called is known, and noted, as soon as an answer begins: a stream may not end for hours.
"""

from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from math import ceil
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infrastructure.http.problem_details import respond
from infrastructure.http.server.limits import Limits

_FREE = frozenset({"/healthz"})
"""Costs nothing, and is asked by those who restart a service that doesn't answer."""


class RateLimit:
    """Answers 429 to whoever is over its limit. The application says in the scope who called."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _FREE:
            await self._app(scope, receive, send)
            return
        token_key, address = _token_key(scope), _address(scope)
        wait_seconds = self._limits.admit(token_key, address)
        if wait_seconds:
            await _too_many(scope, wait_seconds)(scope, receive, send)
            return

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope["state"], message["status"], token_key, address)
            await send(message)

        await self._app(scope, receive, send_noted)

    def _note(
        self, state: Mapping[str, Any], status: int, token_key: str | None, address: str
    ) -> None:
        if token_key is not None and "caller" in state:
            self._limits.vouched(token_key, is_admin=state["is_admin"])
        elif status == HTTPStatus.UNAUTHORIZED or not self._limits.knows(token_key):
            self._limits.unknown(token_key, address)


def _token_key(scope: Scope) -> str | None:
    given = Headers(scope=scope).get("authorization")
    if given is None:
        return None
    # The token alone: its scheme can be written in many ways, and each would be another bucket.
    return sha256(given.split(" ")[-1].encode()).hexdigest()


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _too_many(scope: Scope, wait_seconds: float) -> ASGIApp:
    seconds = ceil(wait_seconds)
    detail = f"That was too much at once. Send it again in {seconds} s, or more in one call."
    request_id = scope["state"]["request_id"]
    headers = {"Retry-After": str(seconds)}
    return respond(request_id, 429, "too_many_requests", detail, headers=headers)
