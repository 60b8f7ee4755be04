"""Jellyfin's other plugin, Webhooks by shemanaev: its own format and the one in Plex's shape.

Its own names the show with its ids. By the time that it says Stop the session has been reset, so
the position is the one that the server has saved. In Plex's shape accounts are UUIDs, a player's
uuid is only its session's, lengths count ten thousand a second, and there is never a position.
"""

from domain.events import PlayerState
from infrastructure.sources import plex, saying
from infrastructure.sources.base_items import (
    BaseItem,
    BaseServer,
    BaseSession,
    BaseUser,
    Pascal,
    file_of,
    why_not_told,
)
from infrastructure.sources.bodies import Document
from infrastructure.sources.fields import Amount, Text, Truth
from infrastructure.sources.heard import Heard
from infrastructure.sources.naming import NOTHING, kind_named, without_dashes
from infrastructure.sources.positions import TICKS, position_seconds

_IN_PLEX_SHAPE_PER_SECOND = TICKS // 1_000
_STATES = {
    "Play": PlayerState.PLAYING,
    "Resume": PlayerState.PLAYING,
    "Progress": PlayerState.PLAYING,
    "Pause": PlayerState.PAUSED,
    "Stop": PlayerState.STOPPED,
}
_MARKS = {"MarkPlayed": True, "MarkUnplayed": False}
_SCROBBLE = "Scrobble"
_ADDED = "ItemAdded"
_REMOVED = "ItemRemoved"
_TOLD = frozenset([*_STATES, *_MARKS, _SCROBBLE, _ADDED, _REMOVED])


class PlayState(Pascal):
    position_ticks: Amount = None
    is_paused: Truth = None


class Session(BaseSession):
    play_state: PlayState = PlayState()


class Told(Pascal):
    event: Text = None
    item: BaseItem = BaseItem()
    series: BaseItem = BaseItem()
    user: BaseUser = BaseUser()
    session: Session = Session()
    server: BaseServer = BaseServer()


def recognizes(document: Document) -> bool:
    event = document.value.get("Event")
    return plex.is_of_jellyfin(document) or (
        isinstance(event, str)
        and event.isalpha()
        and event[:1].isupper()
        and not document.value.keys().isdisjoint({"Item", "Series", "User", "Session", "Server"})
    )


def hear(document: Document) -> Heard:
    if plex.is_of_jellyfin(document):
        return _hear_in_plex_shape(document)
    told = Told.model_validate(document.value)
    event, item = told.event or "", told.item
    kind = kind_named(item.type)
    why = _why_ignored(event, item)
    if why or kind is None:
        return Heard(event, item.name, why_ignored=why)
    series = told.series
    file = file_of(
        kind,
        item,
        ("jellyfin", told.server.id),
        show_year=series.production_year,
        show_ids=series.provider_ids,
    )
    if event == _ADDED:
        return saying.listed(event, file)
    if event == _REMOVED:
        return saying.removed(event, file)
    return _heard_of_user(event, told, file)


def _hear_in_plex_shape(document: Document) -> Heard:
    payload = plex.Payload.model_validate(document.value)
    by = saying.player(None, payload.player.title)
    return plex.hear_payload(payload, by, _IN_PLEX_SHAPE_PER_SECOND)


def _why_ignored(event: str, item: BaseItem) -> str | None:
    if event not in _TOLD:
        return NOTHING
    return why_not_told(item)


def _heard_of_user(event: str, told: Told, file: saying.File) -> Heard:
    on, key = told.session, told.user.id
    session = saying.Session(
        saying.account(key and without_dashes(key), told.user.name),
        saying.player(on.device_id, on.device_name, on.client),
    )
    if event in _MARKS:
        return saying.marked(event, session, file, is_watched=_MARKS[event])
    if event == _SCROBBLE:
        return saying.finished(event, session, file)
    played = position_seconds(_ticks(event, told), file.duration_seconds, TICKS)
    is_paused = event == "Progress" and on.play_state.is_paused
    state = PlayerState.PAUSED if is_paused else _STATES[event]
    return saying.progress(event, session, file, played, state)


def _ticks(event: str, told: Told) -> float | None:
    ticks = told.session.play_state.position_ticks
    if ticks is None and event == "Stop":
        return told.item.user_data.playback_position_ticks or None
    return ticks
