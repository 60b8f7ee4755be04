"""How fast the read models catch up with a ledger and are rebuilt, held against the stock runner.

The stock runner gets a few thousand events of the mix, and what it takes for one is multiplied:
it does the same for each, one transaction an event.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from statistics import median

from sqlalchemy import Engine

from domain.policy import Policy
from infrastructure.projecting.rebuilding.rebuild import Plan, projection_names, rebuild
from tests.benchmarks.filling import mixed_ledger, projector_on, settle, unprojected
from tests.benchmarks.harness import Bench, Line, faster, seconds
from tests.benchmarks.mix import Mix
from tests.benchmarks.stock import seconds_an_event

_STOCK_EVENTS = 3_000


@dataclass(frozen=True, slots=True)
class _Turn:
    """The seconds that each took, one after the other."""

    stock: float
    live: float
    rebuild: float
    rebuild_by_two: float


def _turns(bench: Bench) -> list[_Turn]:
    mixed = bench.once(mixed_ledger, bench.sizes.mix_events)
    entries = list(islice(Mix().activity(), _STOCK_EVENTS))
    return [
        _Turn(
            stock=seconds_an_event(bench.database, entries) * mixed.events,
            live=_catch_up_seconds(mixed.engine),
            rebuild=_rebuild_seconds(mixed.engine),
            rebuild_by_two=_rebuild_seconds(mixed.engine, jobs=2),
        )
        for _ in range(bench.sizes.rounds)
    ]


def _catch_up_seconds(engine: Engine) -> float:
    """Everything projected anew by a projector that comes after a long time."""
    unprojected(engine)
    settle(engine)
    return seconds(projector_on(engine).catch_up)


def _rebuild_seconds(engine: Engine, jobs: int = 1) -> float:
    plan = Plan(projection_names([]), Policy(), jobs)
    settle(engine)
    return seconds(lambda: rebuild(engine, plan))


_RATIOS: dict[str, tuple[Callable[[_Turn], float], float, float]] = {
    "live projection, catching up / stock runner": (lambda turn: turn.stock / turn.live, 5, 15),
    "rebuild / stock runner": (lambda turn: turn.stock / turn.rebuild, 12, 40),
    "rebuild / live projection": (lambda turn: turn.live / turn.rebuild, 1.6, 1.6),
    "rebuild, two jobs / one": (lambda turn: turn.rebuild / turn.rebuild_by_two, 1.4, 1.4),
}
"""With what to reach on SQLite and on PostgreSQL."""


def _measure(ratio: Callable[[_Turn], float]) -> Callable[[Bench], float]:
    return lambda bench: median(map(ratio, bench.once(_turns)))


LINES: tuple[Line, ...] = tuple(
    faster(name, _measure(ratio), sqlite=sqlite, postgresql=postgresql)
    for name, (ratio, sqlite, postgresql) in _RATIOS.items()
)
