"""Coverage: what erasures have changed, and whether the newest recorded one says just that.

An event that an erasure has emptied, or taken a name out of, has a digest that can't be recomputed.
So each recorded erasure holds a digest over what all such events are now: none can be added,
removed or changed without its showing, and what no recorded erasure covers is damage.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from domain.events import Covered, Event, UserErased
from infrastructure.ledger.digest import erasure_of, event_digest
from infrastructure.ledger.entries import Row


class Coverage:
    """Takes changed events in order of position, and the recorded erasures."""

    def __init__(self) -> None:
        self._hashed: dict[str, Any] = {}
        self._counts: dict[str, int] = {}
        self._recorded: Mapping[str, Covered] = {}

    def take(self, row: Row) -> None:
        """An event that an erasure has changed; any other is left out."""
        erasure = erasure_of(row.salt)
        if erasure is None:
            return
        self._hashed.setdefault(erasure, sha256()).update(_digest(row))
        self._counts[erasure] = self._counts.get(erasure, 0) + 1

    def learn(self, event: Event) -> None:
        """An event of the ledger: the newest erasure says what all of them cover."""
        if isinstance(event, UserErased):
            self._recorded = {each.erasure: each for each in event.covers}

    def covered(self) -> tuple[Covered, ...]:
        """What erasures cover, as it is to be recorded."""
        return tuple(
            Covered(erasure=each, events=self._counts[each], digest=hashed.hexdigest())
            for each, hashed in sorted(self._hashed.items())
        )

    def faults(self) -> Iterator[str]:
        """Where what was changed isn't what was recorded, each in a sentence."""
        found = {each.erasure: each for each in self.covered()}
        for erasure in sorted(found.keys() | self._recorded.keys()):
            if (fault := _fault(found.get(erasure), self._recorded.get(erasure))) is not None:
                yield f"Erasure {erasure}: {fault}"


def _fault(found: Covered | None, recorded: Covered | None) -> str | None:
    if recorded is None:
        count = found.events if found else 0
        return f"{count} events are marked as erased by it, but no recorded erasure covers them."
    if found is None or found.events != recorded.events:
        count = found.events if found else 0
        return f"it covers {recorded.events} events, but {count} are marked as erased by it."
    if found.digest != recorded.digest:
        return f"of the {found.events} events that it covers one was changed since."
    return None


def _digest(row: Row) -> bytes:
    """Over all that there is of an event, its own digest from before included."""
    return event_digest(
        row.digest,
        row.position,
        row.stream,
        row.version,
        row.topic,
        row.recorded_at_us,
        row.catalog_version,
        row.submission_id,
        row.user,
        row.salt,
        row.state,
    )
