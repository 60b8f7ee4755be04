"""How fast the read models catch up with a ledger and are rebuilt, held against the stock runner.

The stock runner gets a few thousand events of the mix, and what it takes for one is multiplied:
it does the same for each, one transaction an event.
"""

from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Engine

from domain.registers import Policy
from infrastructure.database import write_transaction
from infrastructure.projector import Projector
from infrastructure.rebuilding.rebuild import Plan, projection_names, rebuild
from projections.read_models import METADATA
from tests.benchmarks.databases import new_ledger
from tests.benchmarks.filling import fill, settle
from tests.benchmarks.harness import Bench, Line, faster, ratio, seconds
from tests.benchmarks.mix import Mix
from tests.benchmarks.stock import seconds_an_event

_STOCK_EVENTS = 3_000


@dataclass(frozen=True, slots=True)
class Mixed:
    """A ledger that holds the mix; `events` is how many, settings and catalog with them."""

    engine: Engine
    events: int


def mixed_ledger(bench: Bench) -> Mixed:
    mix = Mix()
    engine = new_ledger(bench.database)
    bench.stack.callback(engine.dispose)
    count = bench.sizes.mix_events
    fill(engine, (*mix.settings, *islice(mix.activity(), count)))
    return Mixed(engine, len(mix.settings) + count)


def catch_up_seconds(bench: Bench) -> float:
    """Everything projected anew by a projector that comes after a long time."""
    engine = bench.once(mixed_ledger).engine
    with write_transaction(engine) as connection:
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
    settle(engine)
    return seconds(Projector(engine, Policy()).catch_up)


def rebuild_seconds(bench: Bench, jobs: int = 1) -> float:
    engine = bench.once(mixed_ledger).engine
    plan = Plan(projection_names([]), Policy(), jobs)
    settle(engine)
    return seconds(lambda: rebuild(engine, plan))


def _stock_seconds(bench: Bench) -> float:
    """What the stock runner would take for as many events."""
    entries = list(islice(Mix().activity(), _STOCK_EVENTS))
    return seconds_an_event(bench.database, entries) * bench.once(mixed_ledger).events


def _catching_up(bench: Bench) -> float:
    return ratio(lambda: _stock_seconds(bench), lambda: catch_up_seconds(bench), bench.sizes.rounds)


def _rebuilding(bench: Bench) -> float:
    return ratio(lambda: _stock_seconds(bench), lambda: rebuild_seconds(bench), bench.sizes.rounds)


def _rebuilding_against_live(bench: Bench) -> float:
    return ratio(
        lambda: catch_up_seconds(bench), lambda: rebuild_seconds(bench), bench.sizes.rounds
    )


def _rebuilding_with_two_jobs(bench: Bench) -> float:
    return ratio(
        lambda: rebuild_seconds(bench), lambda: rebuild_seconds(bench, jobs=2), bench.sizes.rounds
    )


LINES: tuple[Line, ...] = (
    faster("live projection, catching up / stock runner", _catching_up, sqlite=5, postgresql=15),
    faster("rebuild / stock runner", _rebuilding, sqlite=12, postgresql=40),
    faster("rebuild / live projection", _rebuilding_against_live, sqlite=1.6, postgresql=1.6),
    faster("rebuild, two jobs / one", _rebuilding_with_two_jobs, sqlite=1.4, postgresql=1.4),
)
