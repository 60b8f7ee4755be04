"""Codes that wait: a device's, which a person approves by its user code, and PINs, approved by now.

They live ten minutes and are taken once. Only their hashes are kept.
"""

import secrets
from collections.abc import Callable
from typing import Literal, NamedTuple

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from domain.rejection import Refused, Rejection
from infrastructure.commands.tokens import hash_of
from infrastructure.database.engine import write_transaction
from infrastructure.trakt.schema import trakt_code

LIFE_SECONDS = 600
INTERVAL_SECONDS = 1
_SECOND_US = 1_000_000
_SLACK_US = 200_000
_WAITING_MAX = 1_000
_SECRET_BYTES = 32
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"
"""None that is taken for another, and no vowel, so that no word comes out."""
_LENGTH = 8

Unready = Literal["pending", "denied", "used", "expired", "unknown", "too_fast"]

_code = trakt_code.c


class Asked(NamedTuple):
    """What a device is told once: its own code, and the one that it shows to a person."""

    device_code: str
    user_code: str


class Approved(NamedTuple):
    """Whose a code's taker is, and which application of which client."""

    user: str
    client_id: str
    application: str | None


class TooManyCodes(Exception):
    """More codes wait than anybody could approve."""


class Codes:
    """Keeps codes, for any number of threads and processes."""

    def __init__(self, engine: Engine, clock_us: Callable[[], int]) -> None:
        self._engine = engine
        self._clock_us = clock_us

    def ask(self, client_id: str, application: str | None) -> Asked:
        """A device's new code. Raises TooManyCodes."""
        asked = Asked(secrets.token_urlsafe(_SECRET_BYTES), _short())
        self._add(
            code_sha256=hash_of(asked.device_code),
            user_code_sha256=hash_of(asked.user_code),
            client_id=client_id,
            application=application,
            status="pending",
        )
        return asked

    def pin(self, user: str) -> str:
        """A code that is approved for a user, to be typed into a client. Raises TooManyCodes."""
        pin = _short()
        self._add(code_sha256=hash_of(pin), status="approved", user=user)
        return pin

    def approve(self, user_code: str, user: str) -> str | None:
        """The application that speaks for the user from now on. Raises Refused for no such code."""
        return self._decide(user_code, status="approved", user=user)

    def deny(self, user_code: str) -> str | None:
        """The application that may not speak for anybody. Raises Refused for no such code."""
        return self._decide(user_code, status="denied")

    def take_device(self, device_code: str, client_id: str) -> Approved | Unready:
        """What a device's code was approved for, once; or why it isn't there to be taken."""
        now_us = self._clock_us()
        with write_transaction(self._engine) as connection:
            is_code = _code.code_sha256 == hash_of(device_code)
            row = connection.execute(select(trakt_code).where(is_code)).first()
            if row is None or row.client_id != client_id or row.user_code_sha256 is None:
                return "unknown"
            if row.status in {"used", "denied"}:
                return "used" if row.status == "used" else "denied"
            if row.expires_at_us <= now_us:
                return "expired"
            connection.execute(update(trakt_code).where(is_code).values(polled_at_us=now_us))
            if row.status == "pending":
                is_early = now_us - row.polled_at_us < INTERVAL_SECONDS * _SECOND_US - _SLACK_US
                return "too_fast" if is_early else "pending"
            return _taken(connection, row.code_sha256, row.user, client_id, row.application)

    def take_pin(self, pin: str, client_id: str, application: str | None) -> Approved | Unready:
        """Whose a PIN is, once."""
        with write_transaction(self._engine) as connection:
            row = connection.execute(
                select(trakt_code).where(
                    _code.code_sha256 == hash_of(_typed(pin)), _code.user_code_sha256.is_(None)
                )
            ).first()
            if row is None or row.expires_at_us <= self._clock_us():
                return "unknown"
            return _taken(connection, row.code_sha256, row.user, client_id, application)

    def _add(self, **values: object) -> None:
        now_us = self._clock_us()
        with write_transaction(self._engine) as connection:
            gone = _code.expires_at_us < now_us - LIFE_SECONDS * _SECOND_US
            connection.execute(delete(trakt_code).where(gone))
            waiting = connection.scalar(select(func.count()).select_from(trakt_code))
            if waiting is not None and waiting >= _WAITING_MAX:
                raise TooManyCodes
            expires_at_us = now_us + LIFE_SECONDS * _SECOND_US
            row = {**values, "expires_at_us": expires_at_us, "polled_at_us": 0}
            connection.execute(insert(trakt_code).values(row))

    def _decide(self, user_code: str, **values: str) -> str | None:
        is_waiting = (
            (_code.user_code_sha256 == hash_of(_typed(user_code)))
            & (_code.status == "pending")
            & (_code.expires_at_us > self._clock_us())
        )
        with write_transaction(self._engine) as connection:
            row = connection.execute(select(_code.application).where(is_waiting)).first()
            if row is None:
                raise Refused(
                    Rejection(
                        "unknown_code",
                        "No such code waits: it is mistyped, older than ten minutes, or was "
                        "answered before. Let the application show a new one.",
                    )
                )
            connection.execute(update(trakt_code).where(is_waiting).values(values))
            application: str | None = row.application
            return application


def _taken(
    connection: Connection, code_sha256: str, user: str, client_id: str, application: str | None
) -> Approved | Unready:
    """Whoever is first has it: of two at once the second one's update changes nothing."""
    is_free = (_code.code_sha256 == code_sha256) & (_code.status == "approved")
    changed = connection.execute(update(trakt_code).where(is_free).values(status="used"))
    return Approved(user, client_id, application) if changed.rowcount else "used"


def _short() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def _typed(code: str) -> str:
    """A code as it was meant: in capitals, without what people put between."""
    return "".join(each for each in code.upper() if each.isalnum())
