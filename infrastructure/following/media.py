"""What players show: a file and where in it they are, whatever interface they say it by."""

from dataclasses import dataclass
from typing import Protocol

from domain.references import Reference


@dataclass(frozen=True, slots=True)
class Media:
    """A file that can be played.

    `references` name what is in it: one thing, or several one after the other, such as two
    episodes, which are taken to be of the same length. Where there is none, `why_not` says why.
    """

    name: str
    references: tuple[Reference, ...] = ()
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A file at a moment: how far it is, how long it runs, and whether it stands still."""

    media: Media
    played_seconds: float
    duration_seconds: float | None
    is_paused: bool


class Listener(Protocol):
    """Who is told what a player does."""

    def shows(self, shown: Shown | None) -> None:
        """What it shows now, as often as it likes; nothing, once it has stopped."""

    def jumps(self) -> None:
        """It was sent to another place of what it shows."""

    def marks(self, media: Media, *, is_watched: bool, is_dated: bool) -> None:
        """Somebody marked something in its library; not just now, if that isn't dated."""


class Player(Protocol):
    """A player's interface."""

    async def follow(self, listener: Listener) -> None:
        """Tells what the player does for as long as it answers. Raises PlayerAway then."""


class PlayerAway(Exception):
    """The player doesn't answer; the message says what to do if it should."""
