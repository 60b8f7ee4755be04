"""Exports as trackers write them, small, made for a test."""

import json
import zipfile
from pathlib import Path
from typing import Any

from infrastructure.importing.files.archive import opened_archive
from infrastructure.importing.files.formats import plays_of
from infrastructure.importing.files.said import Fault, Said


def trakt_movie(title: str, trakt: int, watched_at: str = "2024-05-01T20:00:00.000Z") -> Any:
    return {
        "id": trakt * 10,
        "watched_at": watched_at,
        "action": "watch",
        "type": "movie",
        "movie": {"title": title, "year": 1979, "ids": {"trakt": trakt, "slug": "x", "imdb": None}},
    }


def trakt_episode(number: int, watched_at: str = "2024-05-02T20:00:00.000Z") -> Any:
    return {
        "id": number,
        "watched_at": watched_at,
        "action": "scrobble",
        "type": "episode",
        "episode": {"season": 1, "number": number, "title": f"E{number}", "ids": {"trakt": number}},
        "show": {"title": "Sherlock", "year": 2010, "ids": {"trakt": 19792, "imdb": "tt1475582"}},
    }


def packed(path: Path, members: dict[str, Any]) -> Path:
    """A zip; what isn't text or bytes is written as JSON."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, each in members.items():
            archive.writestr(name, each if isinstance(each, str | bytes) else json.dumps(each))
    return path


def all_of(path: Path, name: str) -> list[Said | Fault]:
    with opened_archive(path) as archive:
        return list(plays_of(archive, name))


def plays(path: Path, name: str) -> list[Said]:
    return [each for each in all_of(path, name) if isinstance(each, Said)]


def problems(path: Path, name: str) -> list[Fault]:
    return [each for each in all_of(path, name) if isinstance(each, Fault)]
