"""Yamtrack's CSV: rows of films and episodes; those of shows and seasons are sums of them."""

from collections.abc import Iterator

from infrastructure.importing.files.archive import Archive
from infrastructure.importing.files.said import Called, Fault, Said
from infrastructure.importing.files.tables import Row, has_columns, rows

COLUMNS = ("media_id", "source", "media_type", "status", "end_date")
_PATTERN = r".*\.csv"
_OWN_SOURCE = "manual"
_WATCHED = {"movie": frozenset({"completed"}), "episode": frozenset({"completed", ""})}


def recognises(archive: Archive) -> bool:
    return any(has_columns(member, *COLUMNS) for member in archive.members(_PATTERN))


def read(archive: Archive) -> Iterator[Said | Fault]:
    """The plays: of films that were completed, and of episodes, which are listed once watched."""
    for member in archive.members(_PATTERN):
        shows: dict[tuple[str, str], str] = {}
        for each in rows(member):
            if isinstance(each, Fault):
                yield each
                continue
            where, row = each
            if row.get("media_type") == "tv":
                shows[_key(row)] = row.get("title", "")
            elif _is_watched(row):
                yield _said(where, row, shows.get(_key(row)))


def _key(row: Row) -> tuple[str, str]:
    return row.get("source", ""), row.get("media_id", "")


def _is_watched(row: Row) -> bool:
    return row.get("status", "").lower() in _WATCHED.get(row.get("media_type", ""), ())


def _said(where: str, row: Row, show_title: str | None) -> Said:
    source, number = _key(row)
    ids = {} if source in {"", _OWN_SOURCE} else {source: number}
    watched_at = row.get("end_date")
    if row["media_type"] == "movie":
        return Said(where, "movie", Called(ids, row.get("title")), watched_at=watched_at)
    season, episode = row.get("season_number"), row.get("episode_number")
    # The id is the show's; the title may be the episode's, and so tells of the show only without.
    show = Called(ids, show_title or (None if ids else row.get("title")))
    return Said(where, "episode", Called({}), show, season, episode, watched_at)
