"""What a benchmark is: a line with a name, a target and a way to measure a ratio on a database.

Machines differ and are noisy, so nothing is measured alone: two things take turns in one run, and
what counts is the median of their ratios.
"""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any, TypeVar

from tests.benchmarks.databases import Database

T = TypeVar("T")

BOTH = ("sqlite", "postgresql")
FLAT_MAX = 1.3


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured; `rounds` are the turns that a median is taken of.

    `mix_events` are in the ledger that is projected and rebuilt, `ledger_events` in the one whose
    memory is measured: the same ledger, unless more is asked for.
    """

    rounds: int
    mix_events: int
    history_events: int
    viewers: int
    ledger_events: int
    viewer_events: int = 50_000


QUICK = Sizes(
    rounds=3,
    mix_events=30_000,
    history_events=100_000,
    viewers=1_000,
    ledger_events=100_000,
    viewer_events=10_000,
)
FULL = Sizes(
    rounds=5, mix_events=300_000, history_events=1_000_000, viewers=10_000, ledger_events=300_000
)


@dataclass(slots=True)
class Bench:
    """One database's turn: what lines need in common is made once, and ends with `stack`."""

    database: Database
    sizes: Sizes
    stack: ExitStack
    _made: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def once(self, make: Callable[..., T], *arguments: Any) -> T:
        """What `make` makes of this and the arguments, made when it is first asked for."""
        key = make, *arguments
        if key not in self._made:
            self._made[key] = make(self, *arguments)
        found: T = self._made[key]
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table. `targets` by database, which is measured only where there is one.

    `measure` answers the ratio: how many times as fast as what it is held against; with `at_most`
    how many times as long it takes, and with `is_growth` as the smallest takes.
    """

    name: str
    targets: Mapping[str, float]
    measure: Callable[[Bench], float]
    at_most: bool = False
    is_growth: bool = False

    def is_reached(self, database: str, ratio: float) -> bool:
        target = self.targets[database]
        return ratio <= target if self.at_most else ratio >= target


def faster(name: str, measure: Callable[[Bench], float], **targets: float) -> Line:
    return Line(name, targets, measure)


def within(name: str, measure: Callable[[Bench], float], target: float) -> Line:
    return Line(name, dict.fromkeys(BOTH, target), measure, at_most=True)


def flat(name: str, measure: Callable[[Bench], float]) -> Line:
    return Line(name, dict.fromkeys(BOTH, FLAT_MAX), measure, at_most=True, is_growth=True)


Timed = Callable[[], float]
"""Does one turn of a piece of work and answers the seconds that it took."""


def seconds(work: Callable[[], Any]) -> float:
    started_at = perf_counter()
    work()
    return perf_counter() - started_at


def ratio(of: Timed, to: Timed, rounds: int) -> float:
    """How many times as long `of` takes as `to`: the median of turns taken alternately."""
    with _kept_garbage():
        turns = [(of(), to()) for _ in range(rounds)]
    return median(one / other for one, other in turns)


@contextmanager
def _kept_garbage() -> Iterator[None]:
    # What the benchmark itself holds in memory isn't searched for garbage again and again.
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
