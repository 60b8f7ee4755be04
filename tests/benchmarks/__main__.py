"""Prints the tables of speed: `python -m tests.benchmarks [--quick] [--only TEXT] [--markdown]`."""

import argparse
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from tests.benchmarks import (
    appending,
    delivering,
    growing,
    late,
    projecting,
    remembering,
    serving,
    worst,
)
from tests.benchmarks.databases import DATABASES
from tests.benchmarks.harness import FULL, QUICK, Bench, Line, Sizes
from tests.benchmarks.report import Row, facts, markdown, row_of, show, write_json

_LINES: tuple[Line, ...] = (
    *appending.LINES,
    *serving.LINES,
    *delivering.LINES,
    *projecting.LINES,
    *late.LINES,
    *worst.LINES,
    *growing.LINES,
    *remembering.LINES,
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, in a few minutes")
    parser.add_argument(
        "--ledger-events",
        type=int,
        metavar="N",
        help="how many events the ledger holds whose memory is measured; 10,000,000 take an hour",
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="lines whose name has this")
    parser.add_argument("--database", choices=list(DATABASES), help="only this one")
    parser.add_argument("--markdown", action="store_true", help="the tables as Markdown")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE")
    return parser.parse_args()


def _measured(
    console: Console, lines: list[Line], databases: list[str], sizes: Sizes
) -> tuple[list[Row], dict[str, str]]:
    """The rows, and the databases' versions."""
    rows: list[Row] = []
    versions: dict[str, str] = {}
    for name in databases:
        with DATABASES[name]() as database, ExitStack() as stack:
            versions[name] = database.version
            bench = Bench(database, sizes, stack)
            for line in (line for line in lines if name in line.targets):
                row = row_of(line, name, line.measure(bench))
                console.print(f"{row.database}: {row.name}: {row.ratio:.2f}")
                rows.append(row)
    return rows, versions


def main() -> None:
    """Measures what is asked for."""
    asked = _arguments()
    progress = Console(stderr=True, highlight=False)
    lines = [line for line in _LINES if asked.only in line.name]
    databases = [asked.database] if asked.database else list(DATABASES)
    sizes = QUICK if asked.quick else FULL
    if asked.ledger_events:
        sizes = replace(sizes, ledger_events=asked.ledger_events)
    rows, versions = _measured(progress, lines, databases, sizes)
    write_json(asked.json, rows)
    if asked.markdown:
        sys.stdout.write(markdown(lines, rows, facts(versions)) + "\n")
    else:
        show(Console(), lines, rows, facts(versions))


if __name__ == "__main__":
    main()
