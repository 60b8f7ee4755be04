"""Trakt's export: `watched-history.json`, or its numbered parts, in a zip; sums are left out."""

import re
from collections.abc import Iterator

from infrastructure.importing.files.archive import Archive, Member
from infrastructure.importing.files.documents import called, elements
from infrastructure.importing.files.said import Fault, Said

_PATTERN = r"watched-history(-\d+)?\.json"
_numbered = re.compile(r"-(\d+)\.json$", re.IGNORECASE)
_is_history = re.compile(rb'\s*\[\s*(\]|\{(?s:.)*"watched_at")').match


def recognises(archive: Archive) -> bool:
    members = archive.members(_PATTERN)
    return any(_is_history(member.head()) for member in members)


def read(archive: Archive) -> Iterator[Said | Fault]:
    """The plays of all parts, in order of their numbers."""
    for member in sorted(archive.members(_PATTERN), key=_number):
        for element in elements(member, ""):
            yield element if isinstance(element, Fault) else _said(*element)


def _number(member: Member) -> int:
    found = _numbered.search(member.name)
    return int(found[1]) if found else 0


def _said(where: str, row: dict[str, object]) -> Said | Fault:
    kind = row.get("type")
    watched_at = row.get("watched_at")
    if kind == "movie":
        return Said(where, "movie", called(row.get("movie")), watched_at=watched_at)
    episode = row.get("episode")
    if kind != "episode" or not isinstance(episode, dict):
        return Fault(where, f"It is no play of a film or an episode, but of {kind!r}.")
    season, number = episode.get("season"), episode.get("number")
    return Said(
        where, "episode", called(episode), called(row.get("show")), season, number, watched_at
    )
