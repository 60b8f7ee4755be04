"""Names: from what a server calls an item to a reference, and what isn't kept at all.

Ids are cleaned here, so that none of "0", "unknown" or a whole collection's is taken for an item's.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from domain.external_ids import ids_of
from domain.items import Kind
from domain.references import IDS_MAX, Named, Reference
from infrastructure.sources.fields import as_text
from infrastructure.sources.heard import NotUnderstood

_KINDS = {
    "movie": Kind.MOVIE,
    "show": Kind.SHOW,
    "series": Kind.SHOW,
    "tvshow": Kind.SHOW,
    "season": Kind.SEASON,
    "episode": Kind.EPISODE,
}
_MUSIC = frozenset(
    [
        "track",
        "album",
        "artist",
        "song",
        "audio",
        "musicalbum",
        "musicartist",
        "musicvideo",
        "audiobook",
        "playlist",
    ]
)
_EXTRAS = frozenset(["clip", "trailer", "extra", "video"])
_LIVE = frozenset(
    ["channel", "tvchannel", "livetvchannel", "tvprogram", "livetvprogram", "program", "recording"]
)
LIVE = "It is live television, which is neither a film nor an episode."
NOTHING = "It says nothing of what is watched or of the library."
A_TEST = "It is a test, and it arrived."
EXTRA = "It is a trailer, an extra or another short, which is neither a film nor an episode."
_MUSICAL = "It is music; films and episodes are what is kept."
_NAMESPACE_MAX = 100
_ID_MAX = 300
_is_hex = re.compile(r"[0-9a-f]{32}").fullmatch


def kind_named(name: str | None) -> Kind | None:
    """The kind of item that a server means by a name; None for what isn't kept."""
    return _KINDS.get(_word(name))


def why_not_kept(name: str | None) -> str:
    """Why something of a kind that isn't kept is ignored. Raises NotUnderstood if none is told."""
    word = _word(name)
    if not word:
        raise NotUnderstood("It doesn't say what kind of thing it is about.")
    if word in _MUSIC:
        return _MUSICAL
    if word in _EXTRAS:
        return EXTRA
    if word in _LIVE:
        return LIVE
    return f"It is of the kind {name}; films and episodes are what is kept."


def _word(name: str | None) -> str:
    return (name or "").lower().replace(" ", "")


def clean_ids(ids: Any) -> dict[str, str]:
    """Ids by their namespaces in small letters: those that are one item's."""
    if not isinstance(ids, Mapping):
        return {}
    texts = {name: text for name, each in ids.items() if (text := as_text(each))}
    found = {
        namespace: each
        for namespace, each in ids_of(texts).items()
        if _is_namespace(namespace) and len(each) <= _ID_MAX
    }
    return dict(list(found.items())[:IDS_MAX])


def _is_namespace(name: str) -> bool:
    # A collection's id is that of all films in it, and Kodi's unknown may be of any catalog.
    if name == "unknown" or name.endswith("collection"):
        return False
    return as_text(name) == name and len(name) <= _NAMESPACE_MAX


def local_id(kind: str, server: str | None, key: str | None) -> dict[str, str]:
    """What the server itself knows an item by, under a namespace of that server alone."""
    if not server or not key:
        return {}
    return clean_ids({f"{kind}.{without_dashes(server)}": without_dashes(key)})


def without_dashes(text: str) -> str:
    """A UUID as .NET writes it in some places; anything else as it is."""
    bare = text.replace("-", "").lower()
    return bare if _is_hex(bare) else text


def named(
    title: str | None = None, year: int | None = None, ids: Mapping[str, str] | None = None
) -> Named | None:
    """A show as an episode names it; None if nothing is known of it."""
    return Named(ids=ids or {}, title=title, year=year) if title or ids else None


def reference(kind: Kind, **facts: Any) -> Reference:
    """A reference of cleaned facts. Raises NotUnderstood if it would name nothing."""
    try:
        return Reference(kind=kind, **facts)
    except ValidationError as error:
        raise NotUnderstood(_NAMELESS[kind]) from error


_NAMELESS = {
    Kind.MOVIE: "It names no film: there is neither an id nor a title.",
    Kind.SHOW: "It names no show: there is neither an id nor a title.",
    Kind.SEASON: "It names no season: there is neither an id, nor a show with a number.",
    Kind.EPISODE: (
        "It names no episode: there is neither an id, nor a show with the numbers of season and "
        "episode."
    ),
}


def describe(items: list[Reference]) -> str:
    """What one file holds, for people: `Sherlock S01E02 The Blind Banker`."""
    first, last = items[0], items[-1]
    if first.kind in {Kind.MOVIE, Kind.SHOW}:
        year = f" ({first.year})" if first.year else ""
        return f"{first.title}{year}" if first.title else _by_id(first)
    show = first.show.title if first.show else None
    parts = [show, _numbers(first, last), first.title]
    return " ".join(part for part in parts if part) or _by_id(first)


def _numbers(first: Reference, last: Reference) -> str:
    season = "" if first.season is None else f"S{first.season:02}"
    episode = "" if first.episode is None else f"E{first.episode:02}"
    return f"{season}{episode}" + ("" if last is first else f"-E{last.episode:02}")


def _by_id(item: Reference) -> str:
    namespace, found = next(iter(item.ids.items()))
    return f"{item.kind} {namespace} {found}"
