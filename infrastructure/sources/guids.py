"""Guids: what Plex and its agents know an item by, such as `imdb://tt0041959`.

Today's agent has a guid of its own, `plex://movie/…`, and lists the ids of others beside it. The
agents before wrote those into the guid itself, after their own name; for an episode that is the
show's id, with the numbers: `com.plexapp.agents.thetvdb://79126/1/2?lang=en`.
"""

import re
from typing import NamedTuple

from infrastructure.sources.fields import as_whole

_LEGACY = "com.plexapp.agents."
_NAMESPACES = {
    "imdb": "imdb",
    "tmdb": "tmdb",
    "tvdb": "tvdb",
    "anidb": "anidb",
    "themoviedb": "tmdb",
    "thetvdb": "tvdb",
    "xbmcnfo": "imdb",
}
_in_hama = re.compile(r"(anidb|tvdb|tmdb|imdb)\d*-(\w+)", re.ASCII).fullmatch
_is_id = re.compile(r"[\w.-]+", re.ASCII).fullmatch
_is_imdb = re.compile(r"tt\d+", re.ASCII).fullmatch
_is_count = re.compile(r"\d+", re.ASCII).fullmatch


class Guid(NamedTuple):
    """An id, which is the show's if there are numbers: of the season, and of the episode in it.

    Numbers are as the agent gives them: absolute ones count on through all seasons.
    """

    namespace: str
    id: str
    season: int | None = None
    episode: int | None = None


def read_guid(text: str | None) -> Guid | None:
    """The id in a guid; None where there is none, as in `local://1`."""
    agent, found, rest = (text or "").partition("://")
    if not found:
        return None
    steps = rest.partition("?")[0].split("/")
    if agent == "plex":
        return Guid("plex", steps[1]) if len(steps) == 2 and _is_id(steps[1]) else None  # noqa: PLR2004  # its kind and its id
    named = _named(agent.removeprefix(_LEGACY), steps[0])
    return Guid(*named, *_numbers(steps[1:])) if named else None


def _named(agent: str, value: str) -> tuple[str, str] | None:
    if agent == "hama":
        hama = _in_hama(value)
        return (hama[1], hama[2]) if hama else None
    namespace = _NAMESPACES.get(agent)
    is_one = _is_imdb if namespace == "imdb" else _is_count
    return (namespace, value) if namespace and is_one(value) else None


def _numbers(steps: list[str]) -> tuple[int | None, int | None]:
    season, episode = ([as_whole(step) for step in steps[:2]] + [None, None])[:2]
    return season, episode
