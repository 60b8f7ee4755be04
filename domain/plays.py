"""Plays: which completions of an item open one, and how many there are (rule 13)."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

RUNTIME_DEFAULT_SECONDS = 1800.0


class Completion(NamedTuple):
    """A watch on the item itself or a complete progress, in rule 2's order.

    `duration_seconds` is the running time that the event itself claims, if it does.
    """

    at_us: int
    position: int
    duration_seconds: float | None


def running_seconds(completion: Completion, runtime_seconds: float | None) -> float:
    """How long the item runs: by the event's own word, else the catalog's, else half an hour."""
    return completion.duration_seconds or runtime_seconds or RUNTIME_DEFAULT_SECONDS


def opens_play(
    completion: Completion, before_us: int | None, runtime_seconds: float | None
) -> bool:
    """Whether a completion opens a play, the one before it of its item being at `before_us` or
    None (rule 13).

    `runtime_seconds` is what the catalog says at present. It is counted in whole microseconds, as
    instants are: a fraction such as 4.182 has no exact float, and would open a play or not by the
    way it is asked. What runs shorter than one runs for one, so two at once are always one play.
    """
    if before_us is None:
        return True
    running_us = round(running_seconds(completion, runtime_seconds) * 1_000_000)
    return completion.at_us - before_us >= max(1, running_us)


def openings(
    completions: Iterable[Completion], runtime_seconds: float | None
) -> Iterator[Completion]:
    """The completions that open a new play, of one item's in order (rule 13).

    `runtime_seconds` is what the catalog says at present.
    """
    before_us: int | None = None
    for completion in completions:
        if opens_play(completion, before_us, runtime_seconds):
            yield completion
        before_us = completion.at_us


def count_plays(completions: Iterable[Completion], runtime_seconds: float | None) -> int:
    """How many plays an item's completions make."""
    return sum(1 for _ in openings(completions, runtime_seconds))


class ItemCompletion(NamedTuple):
    """A completion, of which item, and on which device user. Compares by rule 2's order."""

    completion: Completion
    item: str
    cduid: str


@dataclass(slots=True)
class _Waiting:
    """A completion of which the one before it is still to come; `opens` once that is known."""

    found: ItemCompletion
    runtime_seconds: float | None
    opens: bool | None = None

    def opens_after(self, before_us: int) -> bool:
        return opens_play(self.found.completion, before_us, self.runtime_seconds)


def openings_newest_first(
    newest_first: Iterable[ItemCompletion], runtime_seconds: Callable[[str], float | None]
) -> Iterator[ItemCompletion]:
    """The completions that open a play, of many items' from the newest on (rule 13).

    Looks ahead no further than an item runs, so a page of a long life costs what is on it.
    """
    queue: deque[_Waiting] = deque()
    last: dict[str, _Waiting] = {}
    for found in newest_first:
        at_us = found.completion.at_us
        if (later := last.get(found.item)) is not None and later.opens is None:
            later.opens = later.opens_after(at_us)
        # Whatever comes now of its item, if anything does, lies as far back as this or farther.
        while queue and (queue[0].opens is not None or queue[0].opens_after(at_us)):
            yield from _decided(queue.popleft(), last)
        last[found.item] = waiting = _Waiting(found, runtime_seconds(found.item))
        queue.append(waiting)
    for waiting in queue:
        yield from _decided(waiting, last)


def _decided(waiting: _Waiting, last: dict[str, _Waiting]) -> Iterator[ItemCompletion]:
    if last.get(waiting.found.item) is waiting:
        del last[waiting.found.item]
    if waiting.opens is not False:
        yield waiting.found
