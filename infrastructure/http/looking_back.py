"""Bounds what looking back costs others: how many do at once, and that it ends with its client."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from anyio import from_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

from infrastructure.http.problem_details import Problem


class LookBacks:
    """How many look back at once in this process, by whose token."""

    def __init__(self, total_max: int, token_max: int) -> None:
        self._total_max = total_max
        self._token_max = token_max
        self._under_way: Counter[str] = Counter()
        self._lock = Lock()

    @contextmanager
    def one(self, caller: str) -> Iterator[None]:
        """Counts one of a caller while the block lasts. Raises Problem beyond what is allowed."""
        with self._lock:
            is_own = self._under_way[caller] >= self._token_max
            if is_own or self._under_way.total() >= self._total_max:
                raise _too_many(is_own=is_own)
            self._under_way[caller] += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[caller] -= 1
                self._under_way += Counter()  # lets go of who has none


def _too_many(*, is_own: bool) -> Problem:
    whose = "This token is" if is_own else "Others are"
    return Problem(
        "too_many_look_backs",
        f"{whose} looking back already, and that takes its time. Ask again in a second, for one "
        "as_of after the other; what was asked as of the same position before is answered at once.",
    )


class EffortForRequest:
    """What may be spent for a request, in a thread of the server's."""

    def __init__(self, request: Request) -> None:
        self._request = request

    @contextmanager
    def spent(self) -> Iterator[None]:
        look_backs: LookBacks = self._request.app.state.look_backs
        with look_backs.one(self._request.state.caller):
            yield

    def go_on(self) -> None:
        """Raises ClientDisconnect."""
        if from_thread.run(self._request.is_disconnected):
            raise ClientDisconnect
