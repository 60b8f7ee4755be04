"""From what a player shows to events: start, pause, resume, seek, stop, and each minute between.

Knows no player and no ledger. A player may tell what it shows as often as it likes: what it does
is seen in how that changes.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from math import inf
from time import monotonic
from typing import Any, NamedTuple
from uuid import uuid4

from domain.events import PlayerState
from domain.references import Reference
from infrastructure.following.media import Media, Shown

EVERY_SECONDS = 61.0
"""The ledger leaves out what is less than a minute further on (rule 32)."""

SETTLING_SECONDS = 1.0
"""After a seek: somebody who holds the key down goes to many places and looks at the last."""

Event = dict[str, Any]


class Clock(NamedTuple):
    """The time of the day, and the seconds that pass, whatever is done to the former."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    seconds: Callable[[], float] = monotonic


class _Playhead(NamedTuple):
    """Where the player is in one of the things that a file holds."""

    media: Media
    part: int
    played_seconds: float
    duration_seconds: float | None
    state: PlayerState

    @property
    def reference(self) -> Reference:
        return self.media.references[self.part]


class Session:
    """Hears one player and keeps what is to be said, by `keep(name of the file, event)`."""

    def __init__(
        self,
        keep: Callable[[str, Event], None],
        tell: Callable[[str], None],
        clock: Clock = Clock(),  # noqa: B008  # two functions
    ) -> None:
        self._keep = keep
        self._tell = tell
        self._clock = clock
        self._head: _Playhead | None = None
        self._due = inf
        self._settled = inf
        self._told: set[Media] = set()

    def shows(self, shown: Shown | None) -> None:
        before, head = self._head, self._playhead(shown)
        if before is not None and (head is None or head[:2] != before[:2]):
            self._say(self._left(before, head))
            before = None
        self._head = head
        if head is None:
            self._due = self._settled = inf
        elif before is None or before.state is not head.state or self._is_due():
            self._say(head)

    def jumps(self) -> None:
        if self._head is not None:
            self._settled = self._clock.seconds() + SETTLING_SECONDS

    def ticks(self) -> None:
        """Some time has gone by: a player that stands still shows nothing new by itself."""
        if self._head is not None and self._clock.seconds() >= self._settled:
            self._say(self._head)

    def ends(self) -> None:
        """Nobody will listen any more, though the player may go on: so this is where it is."""
        if self._head is not None and self._head.state is PlayerState.PLAYING:
            self._say(self._head)

    def marks(self, media: Media, *, is_watched: bool, is_dated: bool) -> None:
        when: Event = {"occurred_at": self._now()} if is_dated else {"undated": True}
        if not media.references:
            self._tell_why_not(media)
        for reference in media.references[:1]:
            event = {"type": "watch" if is_watched else "unwatch", "ref": _sent(reference), **when}
            self._keep(media.name, {"id": str(uuid4()), **event})

    def _is_due(self) -> bool:
        return self._clock.seconds() >= min(self._due, self._settled)

    def _playhead(self, shown: Shown | None) -> _Playhead | None:
        if shown is None:
            return None
        if not shown.media.references:
            self._tell_why_not(shown.media)
            return None
        return _playhead(shown)

    def _left(self, before: _Playhead, head: _Playhead | None) -> _Playhead:
        """Where it stopped: at the end of a part, if it played on into the next."""
        stopped = before._replace(state=PlayerState.STOPPED)
        flowed = head is not None and head[:2] == (before.media, before.part + 1)
        if flowed and self._settled == inf and before.duration_seconds is not None:
            return stopped._replace(played_seconds=before.duration_seconds)
        return stopped

    def _say(self, head: _Playhead) -> None:
        is_playing = head.state is PlayerState.PLAYING
        self._due = self._clock.seconds() + EVERY_SECONDS if is_playing else inf
        self._settled = inf
        event = {
            "id": str(uuid4()),
            "type": "progress",
            "ref": _sent(head.reference),
            "played_seconds": round(head.played_seconds, 3),
            "duration_seconds": head.duration_seconds and round(head.duration_seconds, 3),
            "state": head.state.value,
            "occurred_at": self._now(),
        }
        self._keep(head.media.name, {key: each for key, each in event.items() if each is not None})

    def _now(self) -> str:
        return self._clock.now().isoformat()

    def _tell_why_not(self, media: Media) -> None:
        if media not in self._told:
            self._told.add(media)
            self._tell(f"{media.name} {media.why_not}: nothing is said of it.")


def _playhead(shown: Shown) -> _Playhead:
    """Which of the things in the file is shown: by their number and the file's length, which they
    share equally.
    """
    parts, length = len(shown.media.references), shown.duration_seconds
    seconds = max(shown.played_seconds, 0.0)
    state = PlayerState.PAUSED if shown.is_paused else PlayerState.PLAYING
    if not length:
        return _Playhead(shown.media, 0, seconds, None, state)
    each = length / parts
    part = min(int(seconds / each), parts - 1)
    return _Playhead(shown.media, part, min(seconds - part * each, each), each, state)


def _sent(reference: Reference) -> Event:
    return reference.model_dump(mode="json", exclude_defaults=True)
