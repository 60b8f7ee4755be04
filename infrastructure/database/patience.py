"""How long PostgreSQL may take to answer: a server that stands still holds no thread for ever.

A server that is stopped, or whose disk is, keeps its connections open and says nothing, so neither
TCP nor its own time-outs tell. Whoever waits gives the connection up then; what was on its way may
still be recorded, and is found as a duplicate when it is sent again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout  # what `wait` raises, by its documentation

_DEAD_AFTER_SECONDS = 30
KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": _DEAD_AFTER_SECONDS * 1000,
}
"""So that a machine that is gone is noticed within half a minute, whoever waits and for what."""

_INTERVAL_SECONDS = 0.1  # the library's own

_is_unhurried: ContextVar[bool] = ContextVar("is_unhurried", default=False)

T = TypeVar("T")


@contextmanager
def unhurried() -> Iterator[None]:
    """For what may take as long as it takes, such as writing the database's files anew."""
    before = _is_unhurried.set(True)
    try:
        yield
    finally:
        _is_unhurried.reset(before)


class PatientConnection(psycopg.Connection[Any]):
    """Waits for an answer no longer than `answer_seconds`, and is closed then."""

    answer_seconds: float

    def wait(
        self, gen: PQGen[T], interval: float = _INTERVAL_SECONDS, timeout: float | None = None
    ) -> T:
        if timeout is not None or _is_unhurried.get():
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.answer_seconds)
        except _WaitTimeout:
            self.pgconn.finish()
            raise psycopg.OperationalError(
                f"no answer in {self.answer_seconds:g} s: the server stands still"
            ) from None


def patient(answer_seconds: float) -> Callable[..., PatientConnection]:
    """Connects as `psycopg.connect` does."""

    def connect(*arguments: Any, **options: Any) -> PatientConnection:
        connection = PatientConnection.connect(*arguments, **options)
        connection.answer_seconds = answer_seconds
        return connection

    return connect
