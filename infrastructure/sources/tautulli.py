"""Tautulli: watches a Plex server and posts what its user's template makes of that.

TEMPLATE is to be pasted as the JSON data of a webhook agent. All that comes of it is text, and
empty where Tautulli knows nothing. Ids are the episode's under Plex's agents of today, and the
show's under those of before.
"""

import json
from typing import Any

from domain.events import PlayerState
from domain.items import Kind
from domain.references import Reference
from infrastructure.sources import saying
from infrastructure.sources.bodies import Document
from infrastructure.sources.fields import Amount, Shape, Text, Truth, UnixMoment, UtcMoment, Year
from infrastructure.sources.heard import Heard, NotUnderstood
from infrastructure.sources.naming import A_TEST, LIVE, NOTHING, clean_ids, kind_named, why_not_kept
from infrastructure.sources.plex_items import Metadata, reference_of
from infrastructure.sources.positions import MILLISECONDS, length_seconds, position_seconds

_PARAMETERS = (
    "action user_id username machine_id player product server_machine_id library_name media_type "
    "live title show_name episode_name season_num episode_num year show_year imdb_id thetvdb_id "
    "themoviedb_id guid rating_key parent_rating_key grandparent_rating_key view_offset "
    "duration_ms session_key session_id utctime"
)
TEMPLATE = json.dumps({name: f"{{{name}}}" for name in _PARAMETERS.split()}, indent=2)
"""What is pasted into Tautulli; `session_key`, `session_id` and `utctime` tell deliveries apart."""

_STATES = {
    "play": PlayerState.PLAYING,
    "resume": PlayerState.PLAYING,
    "pause": PlayerState.PAUSED,
    "stop": PlayerState.STOPPED,
}
_WATCHED = "watched"
_CREATED = "created"
_TOLD = frozenset([*_STATES, _WATCHED, _CREATED])
_LEGACY = "com.plexapp.agents."
_TODAYS = "plex://"
_EPISODES_MAX = 500


class Told(Shape):
    """The template's fields, and those that people's own templates have instead."""

    action: Text = None
    user_id: Text = None
    username: Text = None
    machine_id: Text = None
    player: Text = None
    product: Text = None
    server_machine_id: Text = None
    library_name: Text = None
    media_type: Text = None
    live: Truth = None
    title: Text = None
    show_name: Text = None
    episode_name: Text = None
    season_num: Text = None
    episode_num: Text = None
    year: Year = None
    show_year: Year = None
    imdb_id: Text = None
    thetvdb_id: Text = None
    themoviedb_id: Text = None
    guid: Text = None
    rating_key: Text = None
    parent_rating_key: Text = None
    grandparent_rating_key: Text = None
    view_offset: Amount = None
    duration_ms: Amount = None
    utctime: UtcMoment = None
    unixtime: UnixMoment = None


def recognizes(document: Document) -> bool:
    value = document.value
    return isinstance(value.get("action"), str) and not value.keys().isdisjoint(
        {"media_type", "rating_key", "session_key", "server_machine_id"}
    )


def hear(document: Document) -> Heard:
    told = Told.model_validate(document.value)
    event = told.action or ""
    why = _why_ignored(event, told)
    kind = kind_named(told.media_type)
    if why or kind is None:
        return Heard(event, told.title, why_ignored=why)
    length = length_seconds(told.duration_ms, MILLISECONDS)
    if event == _CREATED:
        file = saying.File(_created(kind, told, length))
        return saying.listed(event, file, told.library_name)
    file = saying.File([_item(kind, told, length)], length)
    session = _session(told)
    if event == _WATCHED:
        return saying.finished(event, session, file)
    played = position_seconds(told.view_offset, length, MILLISECONDS)
    return saying.progress(event, session, file, played, _STATES[event])


def _why_ignored(event: str, told: Told) -> str | None:
    if event == "test":
        return A_TEST
    if event not in _TOLD:
        return NOTHING
    if told.live:
        return LIVE
    return None if kind_named(told.media_type) else why_not_kept(told.media_type)


def _session(told: Told) -> saying.Session:
    return saying.Session(
        saying.account(told.user_id, told.username),
        saying.player(told.machine_id, told.player, told.product),
        told.library_name,
        told.utctime or told.unixtime,
    )


def _created(kind: Kind, told: Told, length: float | None) -> list[Reference]:
    """What is new: one item, or all the episodes that Tautulli tells of at once, as `1-3`."""
    numbers = _numbers(told.episode_num) if kind in {Kind.SEASON, Kind.EPISODE} else []
    if len(numbers) < 2:  # noqa: PLR2004  # one is no group
        return [_item(kind, told, length)]
    by_number = told.model_copy(
        update={"guid": None, "rating_key": None, "episode_name": None, "title": None}
    )
    if kind is Kind.SEASON:
        by_number = by_number.model_copy(update={"grandparent_rating_key": told.parent_rating_key})
    return [
        _item(Kind.EPISODE, by_number.model_copy(update={"episode_num": str(number)}), None)
        for number in numbers
    ]


def _numbers(text: str | None) -> list[int]:
    """The numbers of `4`, `1-3` or `1-3,5`."""
    found: list[int] = []
    for piece in (text or "").replace(" ", "").split(","):
        first, _, last = piece.partition("-")
        if not first.isdecimal() or not (last or first).isdecimal():
            return []
        count = int((last or first)[:9]) - int(first[:9]) + 1
        if len(found) + count > _EPISODES_MAX:
            raise NotUnderstood(f"It tells of more than {_EPISODES_MAX} new episodes at once.")
        found.extend(range(int(first[:9]), int(first[:9]) + count))
    return found


def _item(kind: Kind, told: Told, length: float | None) -> Reference:
    ids, show_ids = _ids(kind, told)
    return reference_of(
        kind,
        _metadata(kind, told),
        told.server_machine_id,
        length,
        ids=ids,
        show_ids=show_ids,
        show_year=told.show_year,
    )


def _ids(kind: Kind, told: Told) -> tuple[dict[str, str], dict[str, str]]:
    """The item's own, and its show's; neither where nobody can say whose they are."""
    given = clean_ids({"imdb": told.imdb_id, "tvdb": told.thetvdb_id, "tmdb": told.themoviedb_id})
    guid = told.guid or ""
    if kind in {Kind.MOVIE, Kind.SHOW} or (kind is Kind.EPISODE and guid.startswith(_TODAYS)):
        return given, {}
    return {}, given if guid.startswith(_LEGACY) else {}


def _metadata(kind: Kind, told: Told) -> Metadata:
    """The same as Plex says it."""
    facts: dict[str, Any] = {
        "guid": told.guid,
        "rating_key": told.rating_key,
        "title": told.title,
        "year": told.year,
    }
    if kind is Kind.SEASON:
        facts |= {
            "parent_title": told.show_name,
            "parent_rating_key": told.parent_rating_key,
            "index": told.season_num,
        }
    if kind is Kind.EPISODE:
        facts |= {
            "title": _episode_title(told),
            "grandparent_title": told.show_name,
            "grandparent_rating_key": told.grandparent_rating_key,
            "parent_index": told.season_num,
            "index": told.episode_num,
        }
    return Metadata.model_validate(facts)


def _episode_title(told: Told) -> str | None:
    if told.episode_name or not told.title:
        return told.episode_name
    return told.title.removeprefix(f"{told.show_name} - ")
