"""Tokens of Trakt clients: each is a device user's, and has a life and what refreshes it once."""

import re
import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import Connection, Engine, delete, insert, or_, select, update

from domain.commands import PutDeviceUser
from domain.directory import Directory
from domain.instants import from_us
from domain.rejection import Refused, Rejection
from infrastructure.commands.authentication import Authentication, Caller
from infrastructure.commands.handler import CommandHandler
from infrastructure.commands.tokens import hash_of
from infrastructure.database.engine import read_transaction, write_transaction
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.trakt.codes import Approved
from infrastructure.trakt.schema import trakt_code, trakt_token

LIFE_SECONDS = 90 * 24 * 3600
"""Some clients refresh two days before the end, and would at every call if that was always near."""
SCOPE = "public"
_SECOND_US = 1_000_000
_SECRET_BYTES = 32
_is_plain = re.compile(r"[A-Za-z0-9_-]{1,32}").fullmatch
_token = trakt_token.c


class Pair(NamedTuple):
    """What a client is told once."""

    access_token: str
    refresh_token: str
    created_at_us: int


class TokenShown(BaseModel):
    """A token as operators see it. `is_valid`: it is neither revoked nor too old."""

    cduid: str
    user: str
    application: str | None
    client_id: str
    created_at: datetime
    expires_at: datetime
    is_valid: bool


class Tokens:
    """Issues and knows tokens, for any number of threads and processes."""

    def __init__(
        self,
        engine: Engine,
        handler: CommandHandler,
        authentication: Authentication,
        directories: CurrentDirectory,
        clock_us: Callable[[], int],
    ) -> None:
        self._engine = engine
        self._handler = handler
        self._authentication = authentication
        self._directories = directories
        self._clock_us = clock_us

    def issue(self, approved: Approved) -> Pair:
        """Registers a device user of its own for who was approved, with its tokens."""
        cduid = f"trakt.{_client(approved.client_id)}.{secrets.token_hex(8)}"
        command = PutDeviceUser(
            user=approved.user, device=cduid, reported_name=approved.application, kind="trakt"
        )
        _, access_token = self._handler.put_device_user(cduid, command)
        pair = self._pair(access_token or "")
        with write_transaction(self._engine) as connection:
            row = {
                "cduid": cduid,
                "user": approved.user,
                "client_id": approved.client_id,
                "application": approved.application,
                "scope": SCOPE,
                **_life(pair),
            }
            connection.execute(insert(trakt_token).values(row))
        return pair

    def refresh(self, refresh_token: str, client_id: str) -> Pair | None:
        """A new pair in place of the old one, which is void; None for a token that is none."""
        is_it = (_token.refresh_sha256 == hash_of(refresh_token)) & (_token.client_id == client_id)
        with write_transaction(self._engine) as connection:
            cduid = connection.scalar(select(_token.cduid).where(is_it))
            known = self._directories.latest().device_users.get(cduid or "")
            if known is None or known.token_sha256 is None:
                return None
            pair = self._pair("")
            if not connection.execute(
                update(trakt_token).where(is_it).values(_life(pair))
            ).rowcount:
                return None
        _, access_token = self._handler.rotate_token(known.cduid)
        return pair._replace(access_token=access_token)

    def caller(self, token: str) -> Caller:
        """Whose token it is. Raises Refused if it is no Trakt client's, or not any more."""
        caller = self._authentication.authenticate(token)
        with read_transaction(self._engine) as connection:
            query = select(_token.expires_at_us).where(_token.cduid == (caller.cduid or ""))
            expires_at_us = connection.scalar(query)
        if expires_at_us is None or expires_at_us <= self._clock_us():
            raise Refused(Rejection("token_unknown", "The token is too old or no Trakt client's."))
        return caller

    def revoke(self, cduid: str) -> None:
        """Makes a client's tokens void, at once. Raises Refused for what is no Trakt client."""
        with write_transaction(self._engine) as connection:
            found = connection.execute(delete(trakt_token).where(_token.cduid == cduid))
        if not found.rowcount:
            raise Refused(
                Rejection("unknown_device_user", f"There is no Trakt client {cduid}; see the list.")
            )
        self._handler.revoke_token(cduid)

    def all(self) -> list[TokenShown]:
        """All tokens, the newest first."""
        with read_transaction(self._engine) as connection:
            query = select(trakt_token).order_by(_token.created_at_us.desc(), _token.cduid)
            rows = connection.execute(query).all()
        known = self._directories.latest().device_users
        return [
            TokenShown(
                cduid=row.cduid,
                user=known[row.cduid].user,
                application=row.application,
                client_id=row.client_id,
                created_at=from_us(row.created_at_us),
                expires_at=from_us(row.expires_at_us),
                is_valid=row.expires_at_us > self._clock_us()
                and known[row.cduid].token_sha256 is not None,
            )
            for row in rows
            if row.cduid in known
        ]

    def _pair(self, access_token: str) -> Pair:
        return Pair(access_token, secrets.token_urlsafe(_SECRET_BYTES), self._clock_us())


def forget_trakt(connection: Connection, user: str, before: Directory) -> None:
    """Deletes the codes and tokens of a user who is being erased."""
    theirs = [cduid for cduid, known in before.device_users.items() if known.user == user]
    connection.execute(delete(trakt_code).where(trakt_code.c.user == user))
    connection.execute(
        delete(trakt_token).where(or_(_token.user == user, _token.cduid.in_(theirs)))
    )


def _life(pair: Pair) -> dict[str, object]:
    return {
        "refresh_sha256": hash_of(pair.refresh_token),
        "created_at_us": pair.created_at_us,
        "expires_at_us": pair.created_at_us + LIFE_SECONDS * _SECOND_US,
    }


def _client(client_id: str) -> str:
    """A client's id as a part of a cduid: itself if it is short and plain, else a hash of it."""
    if _is_plain(client_id) and client_id[0].isalnum():
        return client_id
    return sha256(client_id.encode()).hexdigest()[:12]
