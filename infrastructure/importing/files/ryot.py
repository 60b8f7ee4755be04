"""Ryot's JSON: what was seen to its end, under each film and show."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from infrastructure.importing.files.archive import Archive, Member
from infrastructure.importing.files.documents import elements, objects
from infrastructure.importing.files.said import Called, Fault, Said

_PATTERN = r".*\.json"
_WHOLE = 100
_VIDEOS = frozenset({"movie", "show", "anime"})
_is_export = re.compile(rb'\s*\{(?s:.)*"(metadata|seen_history)"\s*:\s*\[').match


def recognises(archive: Archive) -> bool:
    return bool(_exports(archive))


def read(archive: Archive) -> Iterator[Said | Fault]:
    """The plays."""
    for member in _exports(archive):
        for each in elements(member, "metadata"):
            if isinstance(each, Fault):
                yield each
            elif str(each[1].get("lot")).lower() in _VIDEOS:
                yield from _seen(*each)


def _exports(archive: Archive) -> list[Member]:
    return [each for each in archive.members(_PATTERN) if _is_export(each.head())]


def _seen(where: str, row: dict[str, Any]) -> Iterator[Said]:
    source, number = str(row.get("source")).lower(), row.get("identifier")
    named = Called({source: number}, row.get("title"))
    for count, seen in enumerate(objects(row.get("seen_history")), start=1):
        if not _is_whole(seen.get("progress")):
            continue
        place, watched_at = f"{where}, seen {count}", seen.get("ended_on")
        if str(row["lot"]).lower() == "movie":
            yield Said(place, "movie", named, watched_at=watched_at)
        else:
            season, episode = seen.get("show_season_number"), seen.get("show_episode_number")
            yield Said(place, "episode", Called({}), named, season, episode, watched_at)


def _is_whole(progress: Any) -> bool:
    try:
        return Decimal(str(progress)) == _WHOLE
    except InvalidOperation:
        return False
