"""Turns away callers that ask for too much, before anything is looked up for them."""

from hashlib import sha256
from math import ceil

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from infrastructure.http.problems import respond
from infrastructure.limits import Limits

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
        await self._app(scope, receive, send)
        state = scope["state"]
        self._limits.answered(
            token_key,
            address,
            is_known="caller" in state,
            is_admin=state.get("is_admin", False),
        )


def _token_key(scope: Scope) -> str | None:
    given = Headers(scope=scope).get("authorization")
    return None if given is None else sha256(given.encode()).hexdigest()


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _too_many(scope: Scope, wait_seconds: float) -> ASGIApp:
    seconds = ceil(wait_seconds)
    detail = f"That was too much at once. Send it again in {seconds} s, or more in one call."
    request_id = scope["state"]["request_id"]
    headers = {"Retry-After": str(seconds)}
    return respond(request_id, 429, "too_many_requests", detail, headers=headers)
