"""Letterboxd's `diary.csv`: films by title and year, on the day they were watched; no ids."""

from collections.abc import Iterator

from infrastructure.importing.files.archive import Archive
from infrastructure.importing.files.said import Called, Fault, Said
from infrastructure.importing.files.tables import has_columns, rows

COLUMNS = ("Name", "Year", "Letterboxd URI", "Watched Date")
_PATTERN = r"diary\.csv"


def recognises(archive: Archive) -> bool:
    return any(has_columns(member, *COLUMNS) for member in archive.members(_PATTERN))


def read(archive: Archive) -> Iterator[Said | Fault]:
    """The plays of the diary."""
    for member in archive.members(_PATTERN):
        for each in rows(member):
            if isinstance(each, Fault):
                yield each
                continue
            where, row = each
            film = Called({}, row.get("name"), row.get("year"))
            yield Said(where, "movie", film, watched_at=row.get("watched date"))
