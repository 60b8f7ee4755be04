"""What is heard of a delivery: what a media server said, whatever format it said it in.

A module for each kind of server turns a request into these and knows no rule; who an account is,
which item is meant and what is recorded is found out from here on, for all kinds alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from domain.events import PlayerState
from domain.references import Reference


class Account(NamedTuple):
    """Who it is on the server: what the server knows them by, and what it calls them."""

    key: str
    name: str | None = None


class Player(NamedTuple):
    """What they played it on; `kind` is the kind of client, such as Plex for Android."""

    key: str
    name: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Something about watching. Without a player it is a mark that names no device.

    `library` is the server's own name for where the item stands, if it says; `occurred_at` is
    there only if the server says when. A position stands in seconds, or in `share`. A watch that is
    `by_now` only follows from what was said, of a file of two episodes that has come to the second:
    it is sent without any time, so that it is idle where it is known already (rule 9) and never
    opens a second play (rule 13).
    """

    type: Literal["watch", "unwatch", "progress"]
    reference: Reference
    account: Account
    player: Player | None = None
    library: str | None = None
    occurred_at: datetime | None = None
    played_seconds: float | None = None
    duration_seconds: float | None = None
    share: float | None = None
    state: PlayerState | None = None
    by_now: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """The server's library has something new, which is placed if the source may place."""

    reference: Reference
    library: str | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """The server's library has something no longer, which is hidden if this source placed it."""

    reference: Reference


@dataclass(frozen=True, slots=True)
class Heard:
    """All that one delivery says; nothing, for a reason, where it is politely ignored.

    `event` is what the server calls it, `title` what it is about, both for the operator to read.
    """

    event: str
    title: str | None = None
    things: Sequence[Said | Listed | Removed] = ()
    why_ignored: str | None = None


class NotUnderstood(Exception):
    """A delivery that makes no sense; the message says in plain words why, and what to do."""


class Delivery(NamedTuple):
    """A request as it came: its content type, and its body byte for byte."""

    content_type: str
    body: bytes
