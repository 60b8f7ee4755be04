"""How often something was played (rule 13)."""

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


def openings(
    completions: Iterable[Completion], runtime_seconds: float | None
) -> Iterator[Completion]:
    """The completions that open a new play, of one item's in order (rule 13).

    `runtime_seconds` is what the catalog says at present.
    """
    previous_us: int | None = None
    for completion in completions:
        seconds = running_seconds(completion, runtime_seconds)
        if previous_us is None or completion.at_us - previous_us >= seconds * 1_000_000:
            yield completion
        previous_us = completion.at_us


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
    """A completion that opens a play if the one before it of its item lies before `until_us`."""

    found: ItemCompletion
    until_us: float
    opens: bool | None = None


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
            later.opens = at_us <= later.until_us
        while queue and (queue[0].opens is not None or at_us <= queue[0].until_us):
            yield from _decided(queue.popleft(), last)
        seconds = running_seconds(found.completion, runtime_seconds(found.item))
        last[found.item] = waiting = _Waiting(found, at_us - seconds * 1_000_000)
        queue.append(waiting)
    for waiting in queue:
        yield from _decided(waiting, last)


def _decided(waiting: _Waiting, last: dict[str, _Waiting]) -> Iterator[ItemCompletion]:
    if last.get(waiting.found.item) is waiting:
        del last[waiting.found.item]
    if waiting.opens is not False:
        yield waiting.found
