"""How much memory projecting and rebuilding take, as the ledger grows.

Each is done from the first event on by a process of its own, and what counts is the most that it
ever held.
"""

import subprocess
import sys
from itertools import islice
from pathlib import Path

from domain.policy import Policy
from infrastructure.database.engine import make_engine
from infrastructure.projecting.rebuilding.rebuild import Plan, projection_names, rebuild
from tests.benchmarks.filling import mixed_ledger, projector_on, unprojected
from tests.benchmarks.harness import Bench, Line, flat
from tests.benchmarks.mix import Mix

_SMALL_LEDGER = 10_000


def _most_bytes(bench: Bench, what: str, events: int) -> int:
    """The most memory that a process held which did it."""
    engine = bench.once(mixed_ledger, events).engine
    unprojected(engine)
    url = engine.url.render_as_string(hide_password=False)
    done = subprocess.run(  # noqa: S603  # our own module
        [sys.executable, "-m", "tests.benchmarks.remembering", what, url],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout)


def _projecting(bench: Bench) -> float:
    large = _most_bytes(bench, "project", bench.sizes.ledger_events)
    return large / _most_bytes(bench, "project", _SMALL_LEDGER)


def _rebuilding(bench: Bench) -> float:
    """Of what it takes more than without any activity, per distinct (cduid, item)."""
    without = _most_bytes(bench, "rebuild", 0)

    def more(events: int) -> float:
        said_about = {
            (entry.stream, getattr(entry.event, "item", None))
            for entry in islice(Mix().activity(), events)
        }
        return (_most_bytes(bench, "rebuild", events) - without) / len(said_about)

    return more(bench.sizes.ledger_events) / more(_SMALL_LEDGER)


LINES: tuple[Line, ...] = (
    flat("memory of live projection, as the ledger grows", _projecting),
    flat("memory of rebuild per (cduid, item), as the ledger grows", _rebuilding),
)


def _do(what: str, url: str) -> None:
    engine = make_engine(url)
    if what == "project":
        projector_on(engine).catch_up()
    else:
        rebuild(engine, Plan(projection_names([]), Policy()))
    sys.stdout.write(str(_most_bytes_held()))


def _most_bytes_held() -> int:
    # What `getrusage` says begins with the most that the parent held.
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [most] = (line.split()[1] for line in status if line.startswith("VmHWM:"))
    return int(most) * 1024


if __name__ == "__main__":
    _do(*sys.argv[1:])
