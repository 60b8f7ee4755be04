"""Plex: its webhooks, a form whose part `payload` holds JSON, at times with a picture beside.

They are of a Plex account, so of all its servers and of those who share them. They say no time, and
nothing of what is marked by hand, removed or skipped through.
"""

import re
from typing import Annotated

from pydantic import Field

from domain.events import PlayerState
from infrastructure.sources import saying
from infrastructure.sources.bodies import Document
from infrastructure.sources.fields import Shape, Text
from infrastructure.sources.heard import Heard, Player
from infrastructure.sources.naming import LIVE, NOTHING, kind_named, why_not_kept
from infrastructure.sources.plex_items import Camel, Metadata, reference_of
from infrastructure.sources.positions import MILLISECONDS, length_seconds, position_seconds

_is_event = re.compile(r"(media|library|playback|device|admin)\.[\w.]+").fullmatch
_STATES = {
    "media.play": PlayerState.PLAYING,
    "media.resume": PlayerState.PLAYING,
    "media.pause": PlayerState.PAUSED,
    "media.stop": PlayerState.STOPPED,
}
_SCROBBLE = "media.scrobble"
_NEW = "library.new"
_TOLD = frozenset([*_STATES, _SCROBBLE, _NEW])
_WHY_IGNORED = {
    "media.rate": "It is a rating, which isn't kept.",
    "library.on.deck": "It is what Plex would play next, which the ledger finds out by itself.",
    "playback.started": "Plex tells the same once more as media.play.",
}


class Who(Camel):
    id: Text = None
    title: Text = None


class Machine(Camel):
    uuid: Text = None
    title: Text = None


class Payload(Shape):
    event: Text = None
    account: Annotated[Who, Field(alias="Account")] = Who()
    server: Annotated[Machine, Field(alias="Server")] = Machine()
    player: Annotated[Machine, Field(alias="Player")] = Machine()
    metadata: Annotated[Metadata, Field(alias="Metadata")] = Metadata()


def recognizes(document: Document) -> bool:
    event = document.value.get("event")
    return isinstance(event, str) and bool(_is_event(event)) and not is_of_jellyfin(document)


def is_of_jellyfin(document: Document) -> bool:
    """Whether it only looks like Plex's: a plugin of Jellyfin's sends its own in that shape.

    Plex's accounts are numbers, and its items have the server's keys.
    """
    of_account, about = document.value.get("Account"), document.value.get("Metadata")
    if not isinstance(of_account, dict) or not isinstance(about, dict) or "ratingKey" in about:
        return False
    key = of_account.get("id")
    return isinstance(key, str) and not key.isdecimal() and "event" in document.value


def hear(document: Document) -> Heard:
    payload = Payload.model_validate(document.value)
    by = saying.player(payload.player.uuid, payload.player.title)
    return hear_payload(payload, by, MILLISECONDS)


def hear_payload(payload: Payload, by: Player | None, per_second: int) -> Heard:
    """What is said in Plex's shape, of a player; so many units of its lengths are a second."""
    event, about = payload.event or "", payload.metadata
    why = _why_ignored(event, about)
    kind = kind_named(about.type)
    if why or kind is None:
        return Heard(event, about.title, why_ignored=why)
    length = length_seconds(about.duration, per_second)
    file = saying.File([reference_of(kind, about, payload.server.uuid, length)], length)
    if event == _NEW:
        return saying.listed(event, file, about.library)
    who = saying.account(payload.account.id, payload.account.title)
    session = saying.Session(who, by, about.library)
    if event == _SCROBBLE:
        return saying.finished(event, session, file)
    played = position_seconds(about.view_offset, length, per_second)
    return saying.progress(event, session, file, played, _STATES[event])


def _why_ignored(event: str, about: Metadata) -> str | None:
    if event not in _TOLD:
        return _WHY_IGNORED.get(event, NOTHING)
    if about.is_live:
        return LIVE
    return None if kind_named(about.type) else why_not_kept(about.type)
