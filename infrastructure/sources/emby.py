"""Emby: its webhooks, JSON in a form's part `data`, or as such by a setting since 4.9.

Marks come as one on the series or season that was marked, and name no device. Where playing has
stopped, only PlaybackInfo says where: the session has been reset.
"""

import re

from domain.events import PlayerState
from infrastructure.sources import saying
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
from infrastructure.sources.fields import Amount, Moment, Text, Truth
from infrastructure.sources.heard import Heard
from infrastructure.sources.naming import A_TEST, NOTHING, kind_named, without_dashes
from infrastructure.sources.positions import TICKS, position_seconds

_is_event = re.compile(r"[a-z]+\.[\w.]+").fullmatch
_STATES = {
    "playback.start": PlayerState.PLAYING,
    "playback.unpause": PlayerState.PLAYING,
    "playback.pause": PlayerState.PAUSED,
    "playback.stop": PlayerState.STOPPED,
}
_MARKS = {"item.markplayed": True, "item.markunplayed": False}
_NEW = "library.new"
_DELETED = "library.deleted"
_TOLD = frozenset([*_STATES, *_MARKS, _NEW, _DELETED])
_WHY_IGNORED = {
    "system.notificationtest": A_TEST,
    "system.webhooktest": A_TEST,
    "item.rate": "It is a rating, which isn't kept.",
}


class PlaybackInfo(Pascal):
    position_ticks: Amount = None
    played_to_completion: Truth = None


class Told(Pascal):
    event: Text = None
    date: Moment = None
    user: BaseUser = BaseUser()
    item: BaseItem = BaseItem()
    server: BaseServer = BaseServer()
    session: BaseSession = BaseSession()
    playback_info: PlaybackInfo = PlaybackInfo()


def recognizes(document: Document) -> bool:
    value = document.value
    event = value.get("Event")
    return (
        isinstance(event, str)
        and bool(_is_event(event))
        and not value.keys().isdisjoint({"User", "Item", "Server"})
    )


def hear(document: Document) -> Heard:
    told = Told.model_validate(document.value)
    event, item = told.event or "", told.item
    why = _why_ignored(event, item)
    kind = kind_named(item.type)
    if why or kind is None:
        return Heard(event, item.name, why_ignored=why)
    file = file_of(kind, item, ("emby", told.server.id))
    if event == _NEW:
        return saying.listed(event, file)
    if event == _DELETED:
        return saying.removed(event, file)
    return _heard_of_user(event, told, file)


def _why_ignored(event: str, item: BaseItem) -> str | None:
    if event not in _TOLD:
        return _WHY_IGNORED.get(event, NOTHING)
    return why_not_told(item)


def _heard_of_user(event: str, told: Told, file: saying.File) -> Heard:
    info, on = told.playback_info, told.session
    key = told.user.id and without_dashes(told.user.id)
    session = saying.Session(
        saying.account(key, told.user.name),
        saying.player(on.device_id, on.device_name, on.client),
        occurred_at=told.date,
    )
    if event in _MARKS:
        return saying.marked(event, session, file, is_watched=_MARKS[event])
    state = _STATES[event]
    if state is PlayerState.STOPPED and info.played_to_completion:
        return saying.finished(event, session, file)
    played = position_seconds(info.position_ticks, file.duration_seconds, TICKS)
    return saying.progress(event, session, file, played, state)
