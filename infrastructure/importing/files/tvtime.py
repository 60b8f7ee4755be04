"""TV Time's zip: episodes by TheTVDB's number of the show, films by name."""

import re
from collections.abc import Iterator

from infrastructure.importing.files.archive import Archive
from infrastructure.importing.files.said import Called, Fault, Said
from infrastructure.importing.files.tables import Row, has_columns, rows

EPISODE_COLUMNS = ("s_id", "season_number", "episode_number", "created_at")
_MOVIE_COLUMNS = ("entity_type", "type", "movie_name", "watch_date")
_PATTERN = r"tracking-prod-records(-v2)?\.csv"
_starts_with_year = re.compile(r"(\d{4})-").match


def recognises(archive: Archive) -> bool:
    return any(
        has_columns(member, *columns)
        for member in archive.members(_PATTERN)
        for columns in (EPISODE_COLUMNS, _MOVIE_COLUMNS)
    )


def read(archive: Archive) -> Iterator[Said | Fault]:
    """The plays: of episodes from one table, of films from the other."""
    for member in archive.members(_PATTERN):
        is_of_episodes = has_columns(member, *EPISODE_COLUMNS)
        for each in rows(member):
            if isinstance(each, Fault):
                yield each
            elif is_of_episodes and each[1].get("episode_number"):
                yield _episode(*each)
            elif _is_film(each[1]):
                yield _film(*each)


def _is_film(row: Row) -> bool:
    return (row.get("entity_type"), row.get("type")) == ("movie", "watch")


def _episode(where: str, row: Row) -> Said:
    show = Called({"tvdb": row.get("s_id", "")}, row.get("series_name"))
    named = Called({"tvdb": row.get("episode_id", "")})
    season, number = row.get("season_number"), row.get("episode_number")
    return Said(where, "episode", named, show, season, number, row.get("created_at"))


def _film(where: str, row: Row) -> Said:
    year = _starts_with_year(row.get("release_date", ""))
    # Of what has no date this table says the year 1 or 1970, as its program's language has it.
    is_known = year is not None and int(year[1]) > 1
    film = Called({}, row.get("movie_name"), int(year[1]) if year and is_known else None)
    return Said(where, "movie", film, watched_at=row.get("watch_date"))
