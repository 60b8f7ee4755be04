"""Turns away callers that ask for too much, before anything is looked up for them in the database.

Who called is known, and noted, as soon as an answer begins: a stream may not end for hours.
"""

from http import HTTPStatus
from math import ceil

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infrastructure.commands.authentication import Authentication, Caller, Hook
from infrastructure.http.problem_details import Problem, response_of
from infrastructure.http.server.bearer import bearer_token
from infrastructure.http.server.hook_paths import hook_of, is_hook_path
from infrastructure.http.server.limits import Limits

_FREE = frozenset({"/healthz"})
"""Costs nothing, and is asked by those who restart a service that doesn't answer."""


class RateLimit:
    """Answers 429 to whoever is over its limit.

    A token that this process knows is measured by whose it is. Everybody else is a stranger until
    the application vouches in the scope for who called, by a token or in any other way.
    """

    def __init__(self, app: ASGIApp, limits: Limits, authentication: Authentication) -> None:
        self._app = app
        self._limits = limits
        self._authentication = authentication

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _FREE:
            await self._app(scope, receive, send)
            return
        address = _address(scope)
        try:
            known = self._admit(scope, address)
        except Problem as problem:
            await response_of(problem, scope["state"]["request_id"])(scope, receive, send)
            return

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope["state"].get("vouched"), message["status"], known, address)
            await send(message)

        await self._app(scope, receive, send_noted)

    def _admit(self, scope: Scope, address: str) -> Caller | Hook | None:
        """Who calls, as far as that is known by now. Raises Problem."""
        known = self._recognized(scope)
        if wait_seconds := self._limits.admit(known, address):
            raise _too_many(wait_seconds)
        return known

    def _recognized(self, scope: Scope) -> Caller | Hook | None:
        if is_hook_path(scope["path"]):
            return self._authentication.recognized_hook(*hook_of(scope["path"]))
        token = bearer_token(scope)
        return None if token is None else self._authentication.recognized(token)

    def _note(
        self,
        vouched: Caller | Hook | None,
        status: int,
        known: Caller | Hook | None,
        address: str,
    ) -> None:
        if vouched is not None and known is None:
            self._limits.vouched(vouched, address)
        elif known is not None and vouched is None and status == _void_status(known):
            self._limits.refused(address)


def _void_status(known: Caller | Hook) -> HTTPStatus:
    """What is answered to a token, or at a hook's address, that is void by now."""
    return HTTPStatus.NOT_FOUND if isinstance(known, Hook) else HTTPStatus.UNAUTHORIZED


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _too_many(wait_seconds: float) -> Problem:
    seconds = ceil(wait_seconds)
    return Problem(
        "too_many_requests",
        f"That was too much at once. Send it again in {seconds} s, or more in one call.",
        headers={"Retry-After": str(seconds)},
    )
