"""Erasures that aren't finished, as the database keeps them until they are."""

import json
from os import urandom
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select, update

from infrastructure.ledger.erasing import Erasure
from infrastructure.ledger.schema import ledger_erasure

_SECRET_BYTES = 32


class Unfinished(NamedTuple):
    """An erasure's number, and what is left to be emptied: None once only files are left."""

    id: str
    erasure: Erasure | None


def begin(connection: Connection, user: str, streams: tuple[str, ...]) -> None:
    """Note that a user is to be erased: from here on it will be, whatever happens."""
    connection.execute(
        insert(ledger_erasure).values(
            erasure=uuid4().hex,
            user=user,
            streams=json.dumps(streams),
            secret=urandom(_SECRET_BYTES),
        )
    )


def unfinished(connection: Connection) -> list[Unfinished]:
    """All erasures that somebody has begun and nobody has finished."""
    table = ledger_erasure.c
    columns = (table.erasure, table.user, table.streams, table.secret)
    return [
        Unfinished(id_, Erasure(id_, user, tuple(json.loads(streams)), secret) if user else None)
        for id_, user, streams, secret in connection.execute(select(*columns)).all()
    ]


def forget_name(connection: Connection, erasure: Erasure) -> None:
    """The ledger has no trace of the user any more; its files may have."""
    nothing = {"user": None, "streams": None, "secret": None}
    where = ledger_erasure.c.erasure == erasure.id
    connection.execute(update(ledger_erasure).where(where).values(nothing))


def finish(connection: Connection, id_: str) -> None:
    """Nothing is left to be done."""
    connection.execute(delete(ledger_erasure).where(ledger_erasure.c.erasure == id_))
