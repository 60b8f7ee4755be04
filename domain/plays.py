"""Plays: which completions of a work open one, and what the others continue (rule 13)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

RUNTIME_DEFAULT_SECONDS = 1800.0
_THREE_DAYS_US = 3 * 24 * 3600 * 1_000_000


class Completion(NamedTuple):
    """A complete progress, or a watch on the item itself that isn't idle, in rule 2's order.

    `duration_seconds` is the running time by the event itself, if it has one; `share` a progress's,
    None for a watch; `gives_time` whether it says when it was; `is_below` whether its cduid has
    reported progress of the work below `high` since its completion before.
    """

    at_us: int
    position: int
    duration_seconds: float | None
    share: float | None
    gives_time: bool
    is_below: bool


class ItemCompletion(NamedTuple):
    """A completion, of which item, and on which device user. Compares by rule 2's order."""

    completion: Completion
    item: str
    cduid: str


class Verdict(StrEnum):
    """What a completion comes to: it opens a play, or continues the one at hand, and why."""

    OPENS = "opens"
    UNTIMED = "untimed"
    """A watch that gives no time."""
    FURTHER_ON = "further_on"
    """Still in the credits: clause (i)."""
    SAME_VIEWING = "same_viewing"
    """Two devices saw the same viewing: clause (ii)."""


class Judged(NamedTuple):
    """A completion, and what it comes to."""

    found: ItemCompletion
    verdict: Verdict


def running_seconds(completion: Completion, runtime_seconds: float | None) -> float:
    """How long the item runs: by the event's own word, else the catalog's, else half an hour."""
    return completion.duration_seconds or runtime_seconds or RUNTIME_DEFAULT_SECONDS


@dataclass(slots=True)
class _Play:
    """The play at hand: who completed in it, and how far their progress was, and when."""

    opened_us: int
    cduids: set[str] = field(default_factory=set)
    progress: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    def take(self, completion: Completion, cduid: str) -> None:
        self.cduids.add(cduid)
        if completion.share is not None:
            self.progress.setdefault(cduid, []).append((completion.at_us, completion.share))

    def verdict(self, completion: Completion, cduid: str, running_us: int) -> Verdict:
        share = completion.share
        if share is None and not completion.gives_time:
            return Verdict.UNTIMED
        if share is not None and not completion.is_below and self._is_further_on(completion, cduid):
            return Verdict.FURTHER_ON
        is_again = share is not None and completion.is_below and cduid in self.cduids
        if completion.at_us - self.opened_us < running_us and not is_again:
            return Verdict.SAME_VIEWING
        return Verdict.OPENS

    def _is_further_on(self, completion: Completion, cduid: str) -> bool:
        return any(
            share < (completion.share or 0) and completion.at_us - at_us < _THREE_DAYS_US
            for at_us, share in self.progress.get(cduid, ())
        )


Runtime = Callable[[str], float | None]
"""How long an item runs, by what the catalog says at present."""


def judged(completions: Iterable[ItemCompletion], runtime_seconds: Runtime) -> Iterator[Judged]:
    """What each of a work's completions comes to, given in order (rule 13).

    A running time is counted in whole microseconds, as instants are: a fraction such as 4.182 has
    no exact float. What runs shorter than one runs for one, so two at once are always one play.
    """
    play: _Play | None = None
    for found in completions:
        completion, item, cduid = found
        seconds = running_seconds(completion, runtime_seconds(item))
        running_us = max(1, round(seconds * 1_000_000))
        verdict = play.verdict(completion, cduid, running_us) if play else Verdict.OPENS
        if play is None or verdict is Verdict.OPENS:
            play = _Play(completion.at_us)
        play.take(completion, cduid)
        yield Judged(found, verdict)


def openings(
    completions: Iterable[ItemCompletion], runtime_seconds: Runtime
) -> Iterator[ItemCompletion]:
    """The completions that open a play, of one work's in order."""
    for found, verdict in judged(completions, runtime_seconds):
        if verdict is Verdict.OPENS:
            yield found


def count_plays(completions: Iterable[ItemCompletion], runtime_seconds: Runtime) -> int:
    """How many plays a work's completions make."""
    return sum(1 for _ in openings(completions, runtime_seconds))
