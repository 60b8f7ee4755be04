"""Jellyfin: its official webhook plugin's generic destination, in both of its bodies.

"Send all properties" gives typed JSON, a Handlebars template text, with `True` and `False`; both
come as `text/plain` unless the user adds a header. Quotes in names are escaped once by the plugin
and once as JSON, and templates may write entities of HTML. Pause, resume and seek are only to be
seen in PlaybackProgress. UserDataSaved names no device: only what was toggled by hand is a mark,
the rest echoes what was told otherwise.

The other plugin's formats are in jellyfin_webhooks.py.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

from domain.events import PlayerState
from infrastructure.sources import jellyfin_webhooks, saying
from infrastructure.sources.base_items import BaseItem, Pascal, file_of, why_not_told
from infrastructure.sources.bodies import Document
from infrastructure.sources.fields import Amount, Text, Truth, UtcMoment, Whole, Year, as_text
from infrastructure.sources.heard import Heard, NotUnderstood
from infrastructure.sources.naming import NOTHING, kind_named, without_dashes
from infrastructure.sources.positions import TICKS, position_seconds

_PLAYING = frozenset(["PlaybackStart", "PlaybackProgress", "PlaybackStop"])
_SAVED = "UserDataSaved"
_ADDED = "ItemAdded"
_DELETED = "ItemDeleted"
_TOLD = frozenset([*_PLAYING, _SAVED, _ADDED, _DELETED])
_TOGGLED = "TogglePlayed"
_PROVIDER = "Provider_"
_entities = re.compile(r"&#?\w{1,8};")
_NOTICE = frozenset(["Name", "Description", "Date", "Level", "Url", "Username", "UserId"])
"""The fields of the plugin's own template for general notices."""


class Told(Pascal):
    """The plugin's properties, as far as they tell something."""

    notification_type: Text = None
    server_id: Text = None
    item_id: Text = None
    item_type: Text = None
    name: Text = None
    year: Year = None
    run_time_ticks: Amount = None
    playback_position_ticks: Amount = None
    series_name: Text = None
    series_id: Text = None
    season_number: Whole = None
    episode_number: Whole = None
    episode_number_end: Whole = None
    user_id: Text = None
    notification_username: Text = None
    device_id: Text = None
    device_name: Text = None
    client_name: Text = None
    is_paused: Truth = None
    played_to_completion: Truth = None
    save_reason: Text = None
    played: Truth = None
    utc_timestamp: UtcMoment = None


def recognizes(document: Document) -> bool:
    return (
        isinstance(document.value.get("NotificationType"), str)
        or _is_notice(document.value)
        or jellyfin_webhooks.recognizes(document)
    )


def _is_notice(value: Mapping[str, Any]) -> bool:
    return {"Name", "Description", "Level"} <= value.keys() <= _NOTICE


def hear(document: Document) -> Heard:
    if jellyfin_webhooks.recognizes(document):
        return jellyfin_webhooks.hear(document)
    if _is_notice(document.value):
        return Heard("notice", as_text(document.value["Name"]), why_ignored=NOTHING)
    return _hear_properties({name: _unescaped(each) for name, each in document.value.items()})


def _hear_properties(value: Mapping[str, Any]) -> Heard:
    told = Told.model_validate(value)
    event, item = told.notification_type or "", _item(told, value)
    why = _why_ignored(event, told) or why_not_told(item)
    kind = kind_named(item.type)
    if why or kind is None:
        return Heard(event, item.name, why_ignored=why)
    file = file_of(kind, item, ("jellyfin", told.server_id), show_year=told.year)
    if event == _ADDED:
        return saying.listed(event, file)
    if event == _DELETED:
        return saying.removed(event, file)
    return _heard_of_user(event, told, file)


def _unescaped(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _entities.sub(lambda found: html.unescape(found[0]), value.replace('\\"', '"'))


def _item(told: Told, value: Mapping[str, Any]) -> BaseItem:
    is_season = told.item_type == "Season"
    return BaseItem(
        id=told.item_id,
        type=told.item_type,
        name=told.name,
        production_year=told.year,
        run_time_ticks=told.run_time_ticks,
        index_number=told.season_number if is_season else told.episode_number,
        index_number_end=told.episode_number_end,
        parent_index_number=told.season_number,
        series_name=told.series_name,
        series_id=told.series_id,
        provider_ids={
            name.removeprefix(_PROVIDER): each
            for name, each in value.items()
            if name.startswith(_PROVIDER)
        },
    )


def _why_ignored(event: str, told: Told) -> str | None:
    if event not in _TOLD:
        return NOTHING
    if event != _SAVED or told.save_reason == _TOGGLED:
        return None
    if told.save_reason is None:
        raise NotUnderstood(
            "UserDataSaved doesn't say why: add SaveReason to the template, or send all properties."
        )
    return f"It is saved because of {told.save_reason}, which is told otherwise or isn't kept."


def _heard_of_user(event: str, told: Told, file: saying.File) -> Heard:
    key = told.user_id and without_dashes(told.user_id)
    session = saying.Session(
        saying.account(key, told.notification_username),
        saying.player(told.device_id, told.device_name, told.client_name),
        occurred_at=told.utc_timestamp,
    )
    if event == _SAVED:
        if told.played is None:
            raise NotUnderstood("It was marked, but it doesn't say as what: Played is missing.")
        return saying.marked(event, session, file, is_watched=told.played)
    if event == "PlaybackStop" and told.played_to_completion:
        return saying.finished(event, session, file)
    played = position_seconds(told.playback_position_ticks, file.duration_seconds, TICKS)
    return saying.progress(event, session, file, played, _state(event, told))


def _state(event: str, told: Told) -> PlayerState:
    if event == "PlaybackStop":
        return PlayerState.STOPPED
    return PlayerState.PAUSED if told.is_paused else PlayerState.PLAYING
