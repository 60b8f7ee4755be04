"""Where commands print: answers on standard output, everything else on standard error."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from io import TextIOWrapper
from typing import Any, TextIO

from pydantic_core import to_json
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infrastructure.operations.printable import printable

_WIDTH_MAX = 100_000
_GAP = 2
_NO_VALUE = "-"


class _Console(Console):
    def print(self, *objects: Any, **given: Any) -> None:
        shown = (printable(each) if isinstance(each, str) else each for each in objects)
        super().print(*shown, **given)


# A terminal wraps a table's cells; a file or a pipe gets each row whole.
answers = _Console(
    soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else _WIDTH_MAX
)
errors = _Console(stderr=True, soft_wrap=True, highlight=False)


def for_programs() -> TextIO:
    """Standard output in UTF-8, whatever a terminal would take: JSON, CSV and files of settings."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    return sys.stdout


def print_json(document: Any) -> None:
    """One JSON document on a line, as HTTP would answer it."""
    for_programs().write(f"{to_json(document).decode()}\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, none: str) -> None:
    """A table, or the sentence `none` if there are no rows. Numbers stand at the right.

    Nothing is cut off: where ids, times and numbers don't fit beside each other, each row is some
    lines of names and values instead.
    """
    found = list(rows)
    if not found:
        errors.print(none)
        return
    shown = [[_shown(value) for value in row] for row in found]
    widths = _widths([(name, *cells) for name, *cells in zip(columns, *shown, strict=True)])
    if widths is None:
        for cells in shown:
            answers.print(_in_lines(columns, cells), soft_wrap=False, overflow="fold")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, value, width in zip(columns, found[0], widths, strict=True):
        table.add_column(name, justify="right" if isinstance(value, int) else "left", width=width)
    for cells in shown:
        table.add_row(*map(Text, cells))
    answers.print(table)


def _widths(columns: Sequence[Sequence[str]]) -> list[int] | None:
    """How wide columns are: what is left goes to the first that need it. None if they don't fit.

    They fit where no word, such as an id, has to be broken.
    """
    widths = [max(cell_len(word) for cell in each for word in cell.split(" ")) for each in columns]
    spare = answers.width - sum(widths) - _GAP * (len(widths) - 1)
    if spare < 0:
        return None
    for number, cells in enumerate(columns):
        more = min(spare, max(map(cell_len, cells)) - widths[number])
        widths[number] += more
        spare -= more
    return widths


def _in_lines(columns: Iterable[str], cells: Iterable[str]) -> Text:
    """A row as lines of names and values, as many beside each other as fit."""
    lines: list[Text] = []
    for name, cell in zip(columns, cells, strict=True):
        if cell == _NO_VALUE:
            continue
        field = Text.assemble((name, "bold"), " ", cell)
        if lines and lines[-1].cell_len + _GAP + field.cell_len <= answers.width:
            lines[-1].append(" " * _GAP).append_text(field)
        else:
            lines.append(Text("  ").append_text(field) if lines else field)
    return Text("\n").join(lines)


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
        return _NO_VALUE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, float):
        return f"{value:g}"
    return printable(str(value))
