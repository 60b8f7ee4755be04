"""The CSV of what couldn't be taken in, to mend in a spreadsheet and import again.

Each row says what the file said and why it wasn't taken. Whoever mends it fills in `item`, or puts
title, ids, numbers or time right; the submission's id stays, so that the file it came from finds
it as a duplicate then.
"""

import csv
from collections.abc import Iterator
from typing import Any, BinaryIO, TextIO

from infrastructure.importing.files.archive import Archive, Member
from infrastructure.importing.files.said import Called, Fault, Said
from infrastructure.importing.files.tables import Row, has_columns, rows
from infrastructure.importing.files.taking import Became

_COLUMNS = (
    "watchledger_id",
    "item",
    "kind",
    "title",
    "year",
    "ids",
    "show",
    "show_year",
    "show_ids",
    "season",
    "episode",
    "watched_at",
    "why",
    "where",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_QUOTE = "'"


class Unresolved:
    """Writes the rows."""

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file)
        self._writer.writerow(_COLUMNS)

    def add(self, became: Became) -> None:
        said = became.said
        if said is None:  # nothing that could be mended here
            return
        show = said.show or Called({})
        cells = (
            became.id,
            said.item,
            said.kind,
            said.named.title,
            said.named.year,
            _ids(said.named),
            show.title,
            show.year,
            _ids(show),
            said.season,
            said.episode,
            said.watched_at,
            became.reason,
            became.where,
        )
        self._writer.writerow([_harmless(each) for each in cells])


def is_unresolved(file: BinaryIO) -> bool:
    """Whether it is what an import writes."""
    return file.readline().strip() == ",".join(_COLUMNS).encode()


def recognises(archive: Archive) -> bool:
    return any(has_columns(each, "watchledger_id", "item") for each in _members(archive))


def read(archive: Archive) -> Iterator[Said | Fault]:
    """The plays as they were mended."""
    for member in _members(archive):
        for row in rows(member):
            yield row if isinstance(row, Fault) else _said(*row)


def _members(archive: Archive) -> list[Member]:
    return archive.members(r".*\.csv")


def _said(where: str, row: Row) -> Said:
    cells = {name: _plain(each) for name, each in row.items()}
    get = cells.get
    show = Called(_read_ids(get("show_ids", "")), get("show"), get("show_year"))
    return Said(
        where,
        get("kind", ""),
        Called(_read_ids(get("ids", "")), get("title"), get("year")),
        show if show.ids or show.title else None,
        get("season"),
        get("episode"),
        get("watched_at"),
        get("item", ""),
        get("watchledger_id", ""),
    )


def _ids(named: Called) -> str:
    return " ".join(f"{name}:{each}" for name, each in named.ids.items() if each not in (None, ""))


def _read_ids(text: str) -> dict[str, Any]:
    pairs = (each.partition(":") for each in text.split())
    return {name: each for name, _, each in pairs}


def _harmless(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"{_QUOTE}{text}" if text.lstrip(f" {_QUOTE}").startswith(_FORMULA) else text


def _plain(text: str) -> str:
    is_quoted = text.startswith(_QUOTE) and _harmless(text[1:]) == text
    return text[1:] if is_quoted else text
