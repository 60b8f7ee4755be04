"""What was measured, as tables for people and as JSON for programs."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from json import dumps
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.harness import Line


@dataclass(frozen=True, slots=True)
class Row:
    """A line, as it was measured on a database."""

    name: str
    database: str
    ratio: float
    target: float
    reached: bool
    at_most: bool


def row_of(line: Line, database: str, ratio: float) -> Row:
    reached = line.is_reached(database, ratio)
    return Row(line.name, database, round(ratio, 3), line.targets[database], reached, line.at_most)


def facts(versions: dict[str, str]) -> str:
    """The machine, in a sentence."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    servers = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"{os.cpu_count()} cores of {_processor()}, {python}, {servers}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


_TITLES = {False: "One against the other", True: "Largest over smallest"}


def show(console: Console, lines: Sequence[Line], rows: Sequence[Row], sentence: str) -> None:
    """Both tables, with the machine's facts below."""
    for is_growth, title in _TITLES.items():
        table = Table("", "database", "ratio", "target", "", title=title, title_justify="left")
        for row in _rows_of(lines, rows, is_growth=is_growth):
            verdict = "[green]reached" if row.reached else "[red]not reached"
            target = _target(row)
            table.add_row(row.name, row.database, f"{row.ratio:.2f}", target, verdict)
        if table.row_count:
            console.print(table)
    console.print(sentence)


def markdown(lines: Sequence[Line], rows: Sequence[Row], sentence: str) -> str:
    """Both tables for the README."""
    parts = []
    for is_growth, title in _TITLES.items():
        cells = [
            f"| {row.name} | {row.database} | {row.ratio:.2f} | {_target(row)} "
            f"| {'yes' if row.reached else '**no**'} |"
            for row in _rows_of(lines, rows, is_growth=is_growth)
        ]
        if cells:
            head = [f"| {title} | database | ratio | target | reached |", "|---|---|---|---|---|"]
            parts.append("\n".join([*head, *cells]))
    return "\n\n".join([*parts, f"Measured on {sentence}."])


def _rows_of(lines: Iterable[Line], rows: Sequence[Row], *, is_growth: bool) -> list[Row]:
    names = [line.name for line in lines if line.is_growth == is_growth]
    return [row for name in names for row in rows if row.name == name]


def _target(row: Row) -> str:
    return f"{'≤' if row.at_most else '≥'} {row.target:g}"


def write_json(path: Path, rows: Sequence[Row]) -> None:
    path.write_text(dumps({"rows": [asdict(row) for row in rows]}, indent=1), encoding="utf-8")
