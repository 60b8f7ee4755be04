"""What a file is, by its name: `Sherlock/Season 1/Sherlock.S01E03.mkv`. guessit reads it.

Nothing is guessed where a name can be read in two ways. An episode that is numbered through
without a season, as those of anime are, keeps its number and is looked for in season 1.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from guessit import guessit
from guessit.api import GuessitException
from pydantic import ValidationError

from domain.items import Kind
from domain.references import Named, Reference
from infrastructure.following.media import Media

_FOLDERS_READ = 2
"""That of the season and that of the show; those above are the disk's and name nothing."""

_EPISODES_MAX = 20
_ABSOLUTE_SEASON = 1
_SCHEMES = frozenset({"file", "http", "https", "ftp", "sftp", "smb", "nfs", "dav", "davs"})
_EXTRAS = {"Trailer", "Sample", "Extras", "Bonus", "Original Animated Video"}
_SOUNDS = {"mka", "ogg", "wav", "wma", "ra"}
"""Endings that guessit counts among those of films."""

_NUMBERS = ("season", "episode")
_IDS = {"imdb_id": "imdb", "tmdb_id": "tmdb", "tvdb_id": "tvdb"}
_is_windows_path = re.compile(r"[A-Za-z]:\\").match


class _Unclear(Exception):
    """A name that says nothing, or two things; the message says which."""


def named(location: str) -> Media:
    """What is played from a path or an address, which may hold a password and isn't shown."""
    parts = _path_of(location)
    if not parts:
        return Media(location.partition("://")[0], why_not="is a stream, and no file with a name")
    try:
        references = tuple(_references("/".join(parts[-1 - _FOLDERS_READ :])))
    except _Unclear as unclear:
        return Media(parts[-1], why_not=str(unclear))
    except (ValidationError, GuessitException):
        return Media(parts[-1], why_not="has a name that says nothing of what is in it")
    return Media(parts[-1], references)


def _path_of(location: str) -> Sequence[str]:
    """The folders and the name of a file; none of a stream."""
    if "://" in location:
        address = urlsplit(location)
        is_file = address.scheme.lower() in _SCHEMES
        location = unquote(address.path) if is_file else ""
    elif _is_windows_path(location):
        location = location.replace("\\", "/")
    return [each for each in PurePosixPath(location).parts if each != "/"]


def _references(path: str) -> Iterator[Reference]:
    found: Any = guessit(path)
    endings = [each for each in found.matches["container"] if "video" in each.tags]
    if not endings or endings[0].value in _SOUNDS:
        raise _Unclear("has no ending of a film's file")
    if "cd" in found:
        raise _Unclear("is one of several files of a film, so how far the film is isn't known")
    other = set(_several(found.get("other")))
    if found["type"] == "movie":
        return _film(found, other)
    return _episodes(path, found, other)


def _film(found: Any, other: set[str]) -> Iterator[Reference]:
    if other & _EXTRAS:
        raise _Unclear("is an extra, such as a trailer")
    title, year = found.get("title"), found.get("year")
    if title is None:  # the film 1917
        title, year = str(year or ""), None
    rest = [*_several(found.get("alternative_title")), *_parts(found)]
    ids = {of: str(found[name]) for name, of in _IDS.items() if name in found}
    whole = " ".join([title, *map(str, rest)])
    yield Reference(kind=Kind.MOVIE, title=whole or None, year=year, ids=ids)


def _episodes(path: str, found: Any, other: set[str]) -> Iterator[Reference]:
    if other & (_EXTRAS - {"Original Animated Video"}):
        raise _Unclear("is an extra, such as a trailer")
    seasons, episodes = _several(found.get("season")), _several(found.get("episode"))
    if not episodes:
        raise _Unclear("names no episode by its number")
    if len(seasons) > 1 or len(episodes) > _EPISODES_MAX:
        raise _Unclear("holds several seasons, or too many episodes")
    through = guessit(path, {"episode_prefer_number": True})
    if any(through.get(each) != found.get(each) for each in _NUMBERS):
        raise _Unclear(
            f"may be episode {episodes[0]} of season {seasons[0]}, or an episode that is numbered "
            f"through; name it by S{seasons[0]:02}E{episodes[0]:02}"
        )
    season = seasons[0] if seasons else _ABSOLUTE_SEASON
    for episode in episodes:
        yield Reference(kind=Kind.EPISODE, show=_show(found), season=season, episode=episode)


def _show(found: Any) -> Named:
    """The show's title, its ids (which stand in the folder's name), and its year, if that comes
    before the numbers; behind them it is the episode's.
    """
    numbers_start = max(_starts(found, *_NUMBERS))
    is_shows = any(each < numbers_start for each in _starts(found, "year"))
    ids = {of: str(found[name]) for name, of in _IDS.items() if name in found}
    return Named(title=found.get("title"), year=found.get("year") if is_shows else None, ids=ids)


def _parts(found: Any) -> list[str]:
    """As the name writes them: titles are compared, and Part Two isn't Part 2 there."""
    return [f"Part {each.raw}" for each in found.matches["part"]]


def _starts(found: Any, *names: str) -> list[int]:
    return [each.start for name in names for each in found.matches[name]]


def _several(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
