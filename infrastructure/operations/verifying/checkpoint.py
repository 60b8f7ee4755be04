"""Checkpoints: one digest for all of the ledger up to a position, to be kept somewhere else.

Whoever controls the database can change events and chain their digests anew. They can't change the
copy of a checkpoint that an operator has taken away.
"""

from hashlib import sha256
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import Connection, bindparam, select

from infrastructure.ledger.reader import head
from infrastructure.ledger.schema import ledger_event

_PAGE = 50_000
_DIGESTS = (
    select(ledger_event.c.position, ledger_event.c.digest)
    .where(
        ledger_event.c.position > bindparam("after"), ledger_event.c.position <= bindparam("upto")
    )
    .order_by(ledger_event.c.position)
    .limit(_PAGE)
)


class Checkpoint(BaseModel):
    """SHA-256, in hexadecimal, over the digests of all events up to `position` in their order."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    format: Literal["watchledger-checkpoint-1"] = "watchledger-checkpoint-1"
    position: Annotated[int, Field(ge=0)]
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def take_checkpoint(connection: Connection, upto: int | None = None) -> Checkpoint:
    """The checkpoint at a position, without one at the ledger's end."""
    position = head(connection).position if upto is None else upto
    hashed, after = sha256(), 0
    while rows := connection.execute(_DIGESTS, {"after": after, "upto": position}).all():
        for after, digest in rows:  # noqa: B007  # the last one is where the next page begins
            hashed.update(digest)
    return Checkpoint(position=position, digest=hashed.hexdigest())


def checkpoint_fault(connection: Connection, kept: Checkpoint) -> str | None:
    """What is wrong if the ledger isn't what it was when the checkpoint was taken."""
    position = head(connection).position
    if position < kept.position:
        return f"The checkpoint is of {kept.position} events, the ledger has only {position}."
    if take_checkpoint(connection, kept.position) != kept:
        return (
            f"The first {kept.position} events aren't those of the checkpoint: "
            "one was changed, removed or inserted since."
        )
    return None
