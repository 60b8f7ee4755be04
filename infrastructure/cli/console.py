"""Where commands print: answers on standard output, everything else on standard error."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import TextIOWrapper
from typing import Any, TextIO

from pydantic_core import to_json
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH_MAX = 100_000

# A terminal wraps a table's cells; a file or a pipe gets each row whole.
answers = Console(
    soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else _WIDTH_MAX
)
errors = Console(stderr=True, soft_wrap=True, highlight=False)


def for_programs() -> TextIO:
    """Standard output in UTF-8, whatever a terminal would take: JSON, CSV and files of settings."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    return sys.stdout


def print_json(document: Any) -> None:
    """One JSON document on a line, as HTTP would answer it."""
    for_programs().write(f"{to_json(document).decode()}\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, none: str) -> None:
    """A table, or the sentence `none` if there are no rows. Numbers stand at the right."""
    found = list(rows)
    if not found:
        errors.print(none)
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, value in zip(columns, found[0], strict=True):
        table.add_column(name, justify="right" if isinstance(value, int) else "left")
    for row in found:
        table.add_row(*(Text(_shown(value)) for value in row))
    answers.print(table)


def print_fields(fields: Mapping[str, Any]) -> None:
    """Names and values below each other."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in fields.items():
        table.add_row(name, Text(_shown(value)))
    answers.print(table)


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
