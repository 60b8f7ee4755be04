"""How often something was played (rule 13)."""

from collections.abc import Iterable, Iterator
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
