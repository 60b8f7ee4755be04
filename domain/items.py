"""Items of the catalog: what kinds there are, and how they nest."""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}"


class Kind(StrEnum):
    """What an item is; its id begins with it."""

    MOVIE_SHELF = "movie_shelf"
    MOVIE = "movie"
    SHOW_SHELF = "show_shelf"
    SHOW = "show"
    SEASON = "season"
    EPISODE = "episode"
    STREAM_SOURCE = "stream_source"
    STREAMABLE = "streamable"


PARENT_KIND: dict[Kind, Kind | None] = {
    Kind.MOVIE_SHELF: None,
    Kind.MOVIE: Kind.MOVIE_SHELF,
    Kind.SHOW_SHELF: None,
    Kind.SHOW: Kind.SHOW_SHELF,
    Kind.SEASON: Kind.SHOW,
    Kind.EPISODE: Kind.SEASON,
    Kind.STREAM_SOURCE: None,
    Kind.STREAMABLE: Kind.STREAM_SOURCE,
}
"""The kind of a kind's parent; None for what stands at the top."""

WATCHABLE = frozenset({Kind.MOVIE, Kind.EPISODE, Kind.STREAMABLE})
"""The leaves. Everything else is a container."""

Id = Annotated[str, StringConstraints(pattern=rf"^{ID_PATTERN}$")]
"""A cduid, user, device or an item's key."""

SourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_~-]{0,31}$")]
"""A source: an id without a dot, so that it can be told from what follows it in a cduid."""

ItemId = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(Kind)}):{ID_PATTERN}$")]
"""`kind:key`, such as `episode:s01e02`."""

_WATCHABLE_BEGINNINGS = tuple(f"{kind}:" for kind in WATCHABLE)
_KINDS = {str(kind): kind for kind in Kind}


def kind_of(item: str) -> Kind:
    """The kind of an item id. Raises KeyError for what is no item id."""
    return _KINDS[item[: item.index(":")]]


def key_of(item: str) -> str:
    """The key of an item id: what follows the kind."""
    return item[item.index(":") + 1 :]


def is_watchable(item: str) -> bool:
    """Whether an item id is that of a leaf, which can be played and has nothing under it."""
    return item.startswith(_WATCHABLE_BEGINNINGS)
