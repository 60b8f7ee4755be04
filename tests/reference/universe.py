"""The small world of random lives: a catalog of every kind, two people, their devices."""

from typing import NamedTuple

from domain.events import Details


class Home(NamedTuple):
    """Where an item usually stands, and how it is usually described."""

    parent: str | None
    details: Details


def _home(parent: str | None = None, index: int | None = None, *tags: str) -> Home:
    return Home(parent, Details(index=index, tags=tags))


HOMES: dict[str, Home] = {
    "show_shelf:tv": _home(),
    "show_shelf:anime": _home(None, 1),
    "show:expanse": _home("show_shelf:tv", 2),
    "show:dark": _home("show_shelf:tv", 1, "gore"),
    "season:ex1": _home("show:expanse", 1),
    "season:ex2": _home("show:expanse", 2),
    "season:ex0": _home("show:expanse", 0),
    "season:da1": _home("show:dark", 1),
    "season:da": _home("show:dark"),
    "episode:ex1e1": _home("season:ex1", 1),
    "episode:ex1e2": _home("season:ex1", 2),
    "episode:ex1e3": _home("season:ex1", 3),
    "episode:ex2e1": _home("season:ex2", 1),
    "episode:ex2e2": _home("season:ex2", 2, "gore"),
    "episode:ex0e1": _home("season:ex0", 1),
    "episode:da1e1": _home("season:da1", 1),
    "episode:da1e2": _home("season:da1", 2, "kids"),
    "episode:da-extra": _home("season:da", 1),
    "movie_shelf:films": _home(None, 0, "kids"),
    "movie_shelf:more": _home(),
    "movie:alien": _home("movie_shelf:films", None, "gore"),
    "movie:brazil": _home("movie_shelf:films"),
    "movie:coco": _home("movie_shelf:more", None, "kids"),
    "stream_source:live": Home(None, Details(tracks_progress=False)),
    "stream_source:clips": Home(None, Details(tracks_progress=True)),
    "streamable:news": _home("stream_source:live"),
    "streamable:talk": _home("stream_source:clips", 1),
    "streamable:trailer": _home("stream_source:clips", 2),
}
ITEMS = tuple(HOMES)
GHOSTS = ("episode:ghost", "movie:ghost")
"""What viewers speak of and no catalog ever places."""

USERS = ("ann", "bob")
DEVICE_USERS = {
    "ann-tv": "ann",
    "ann-phone": "ann",
    "ann-laptop": "ann",
    "ann-car": "ann",
    "bob-tv": "bob",
    "bob-phone": "bob",
    "bob-tablet": "bob",
}
CDUIDS = tuple(DEVICE_USERS)

SHARED = {
    "ann-tv": "device-living-room",
    "bob-tv": "device-living-room",
    "ann-laptop": "device-study",
    "bob-tablet": "device-study",
}
DEVICES = {cduid: SHARED.get(cduid, f"device-{cduid}") for cduid in CDUIDS}
"""On which device each cduid is; each user has one at most on each."""
