"""Simkl's exports: JSON with every episode and its time, or CSV with the last one of each show.

Only what is certain is taken: of a show whose episodes aren't listed nobody knows which were seen.
"""

import re
from collections.abc import Iterator
from typing import Any

from infrastructure.importing.files.archive import Archive, Member
from infrastructure.importing.files.documents import called, elements, objects
from infrastructure.importing.files.said import Called, Fault, Said
from infrastructure.importing.files.tables import Row, has_columns, rows

COLUMNS = ("SIMKL_ID", "Title", "Type", "Watchlist", "LastEpWatched", "WatchedDate")
_CSV = r".*\.csv"
_JSON = r".*\.json"
_OF_ENTRIES = frozenset({"simkl", "mal", "anidb", "anilist", "kitsu"})
"""Each season of an anime is an entry whose numbers begin anew: ids of the whole show mislead."""

_NAMESPACES = ("simkl", "tvdb", "tmdb", "imdb")
_is_backup = re.compile(rb'\s*\{\s*"(shows|anime|movies)"\s*:').match
_numbers = re.compile(r"s(\d+)e(\d+)", re.IGNORECASE).fullmatch


def recognises(archive: Archive) -> bool:
    return bool(_tables(archive) or _backups(archive))


def read(archive: Archive) -> Iterator[Said | Fault]:
    """The plays that are certain."""
    for member in _backups(archive):
        yield from _backup(member)
    for member in _tables(archive):
        for each in rows(member):
            if isinstance(each, Fault):
                yield each
            else:
                yield from _row(*each)


def _tables(archive: Archive) -> list[Member]:
    return [each for each in archive.members(_CSV) if has_columns(each, *COLUMNS)]


def _backups(archive: Archive) -> list[Member]:
    return [each for each in archive.members(_JSON) if _is_backup(each.head())]


def _backup(member: Member) -> Iterator[Said | Fault]:
    for path in ("shows", "anime"):
        for each in elements(member, path):
            if isinstance(each, Fault):
                yield each
            else:
                where, row = each
                show = called(row.get("show"))
                yield from _episodes(where, row, _entry(show) if path == "anime" else show)
    for each in elements(member, "movies"):
        if isinstance(each, Fault):
            yield each
        elif each[1].get("status") == "completed":
            where, row = each
            watched_at = row.get("last_watched_at")
            yield Said(where, "movie", called(row.get("movie")), watched_at=watched_at)


def _entry(anime: Called) -> Called:
    ids = {name: each for name, each in anime.ids.items() if name in _OF_ENTRIES}
    return anime._replace(ids=ids)


def _episodes(where: str, row: dict[str, Any], show: Called) -> Iterator[Said]:
    for season in objects(row.get("seasons")):
        for episode in objects(season.get("episodes")):
            number, watched_at = episode.get("number"), episode.get("watched_at")
            place = f"{where}, season {season.get('number')}, episode {number}"
            yield Said(place, "episode", Called({}), show, season.get("number"), number, watched_at)


def _row(where: str, row: Row) -> Iterator[Said]:
    ids = {each: row.get("simkl_id" if each == "simkl" else each, "") for each in _NAMESPACES}
    named = Called(ids, row.get("title"), row.get("year"))
    watched_at = row.get("watcheddate")
    kind = row.get("type", "").lower()
    if kind == "movie":
        if row.get("watchlist", "").lower() == "completed":
            yield Said(where, "movie", named, watched_at=watched_at)
    elif found := _numbers(row.get("lastepwatched", "")):
        show = _entry(named) if kind == "anime" else named
        yield Said(where, "episode", Called({}), show, found[1], found[2], watched_at)
