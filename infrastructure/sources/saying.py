"""Sayings: what a server said of a file, for each item in it.

A file may hold several episodes, of which servers make one event. Each then takes its share of the
file, as if they were of one length, so that the first ends where the second begins. A position
is one in the episode that it falls in, and says nothing of those after it. Nor do the many ticks on
the way say anything of those before: they were told as they ran, and whoever skips one hasn't seen
it. But where playing stops, those before the position are watched by now, and where the file is
finished, all are. A mark is one on each.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from domain.events import PlayerState
from domain.items import Kind
from domain.references import Reference
from infrastructure.sources.heard import (
    Account,
    Heard,
    Listed,
    NotUnderstood,
    Player,
    Removed,
    Said,
)
from infrastructure.sources.naming import describe

_EPISODES_MAX = 50
NO_POSITION = "It doesn't say how far it was played, so there is nothing to record."
_NO_LENGTH = (
    "The file holds several episodes, and without its length nobody can say which was being played."
)
NO_ACCOUNT = "It doesn't say whose account it is about."


@dataclass(frozen=True, slots=True)
class File:
    """What is played or marked: one item, or the episodes that share a file, in order."""

    items: list[Reference]
    duration_seconds: float | None = None

    @property
    def title(self) -> str:
        return describe(self.items)

    @property
    def item_seconds(self) -> float | None:
        """The share of the file that each item takes."""
        return self.duration_seconds / len(self.items) if self.duration_seconds else None


@dataclass(frozen=True, slots=True)
class Session:
    """Who watched, on what, and when, as far as the server says."""

    account: Account
    player: Player | None = None
    library: str | None = None
    occurred_at: datetime | None = None

    def says(self, type_: Literal["watch", "unwatch", "progress"], item: Reference) -> Said:
        return Said(
            type=type_,
            reference=item,
            account=self.account,
            player=self.player,
            library=self.library,
            occurred_at=self.occurred_at,
        )


def account(key: str | None, name: str | None) -> Account:
    """Whose it is, by the server's key or else by name. Raises NotUnderstood if nobody's."""
    known = key or name
    if not known:
        raise NotUnderstood(NO_ACCOUNT)
    return Account(known, name)


def player(key: str | None, name: str | None, kind: str | None = None) -> Player | None:
    known = key or name
    return Player(known, name, kind) if known else None


def file_of(first: Reference, last_number: int | None, duration_seconds: float | None) -> File:
    """The episodes of a file from its first to the number of its last, if it has several.

    Ids are those of the first: the others are named by their show and number.
    """
    if last_number is None or first.episode is None or last_number <= first.episode:
        return File([first], duration_seconds)
    if last_number - first.episode >= _EPISODES_MAX:
        raise NotUnderstood(
            f"No file holds the episodes {first.episode} to {last_number}; mend the numbers there."
        )
    if first.show is None or first.season is None:
        raise NotUnderstood("It doesn't say of which season the episodes of this file are.")
    seconds = first.runtime_seconds
    count = last_number - first.episode + 1
    runtime = seconds / count if seconds else None
    others = [
        Reference(
            kind=Kind.EPISODE,
            show=first.show,
            season=first.season,
            episode=number,
            runtime_seconds=runtime,
        )
        for number in range(first.episode + 1, last_number + 1)
    ]
    return File([first.model_copy(update={"runtime_seconds": runtime}), *others], duration_seconds)


def progress(
    event: str,
    session: Session,
    file: File,
    played_seconds: float | None,
    state: PlayerState,
) -> Heard:
    """A position in a file, and what the player was doing there."""
    if played_seconds is None:
        return Heard(event, file.title, why_ignored=NO_POSITION)
    length, index = file.item_seconds, 0
    if len(file.items) > 1:
        if length is None:
            return Heard(event, file.title, why_ignored=_NO_LENGTH)
        index = min(int(played_seconds / length), len(file.items) - 1)
        played_seconds = min(max(played_seconds - index * length, 0.0), length)
    said = replace(
        session.says("progress", file.items[index]),
        played_seconds=played_seconds,
        duration_seconds=length,
        state=state,
    )
    seen = _seen(session, file, index) if state is PlayerState.STOPPED else []
    return Heard(event, file.title, [*seen, said])


def _seen(session: Session, file: File, count: int) -> list[Said]:
    """That the first few are watched by now, whenever that was."""
    return [
        replace(
            session.says("watch", item),
            occurred_at=None,
            by_now=True,
            duration_seconds=file.item_seconds,
        )
        for item in file.items[:count]
    ]


def finished(event: str, session: Session, file: File) -> Heard:
    """A file was watched to its end."""
    last = replace(session.says("watch", file.items[-1]), duration_seconds=file.item_seconds)
    return Heard(event, file.title, [*_seen(session, file, len(file.items) - 1), last])


def marked(event: str, session: Session, file: File, *, is_watched: bool) -> Heard:
    """Somebody marked it, which names no device."""
    who = replace(session, player=None)
    said = [who.says("watch" if is_watched else "unwatch", i) for i in file.items]
    return Heard(event, file.title, said)


def listed(event: str, file: File, library: str | None = None) -> Heard:
    """The library has it, new."""
    return Heard(event, file.title, [Listed(item, library) for item in file.items])


def removed(event: str, file: File) -> Heard:
    """The library has it no longer."""
    return Heard(event, file.title, [Removed(item) for item in file.items])
