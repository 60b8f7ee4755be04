"""Kinds: the media servers whose deliveries are understood, each by a module of its own."""

from types import ModuleType
from typing import NamedTuple

from infrastructure.sources import emby, jellyfin, kodi, plex, tautulli
from infrastructure.sources.bodies import Document, read_body
from infrastructure.sources.heard import Delivery, Heard, NotUnderstood


class _Kind(NamedTuple):
    """A kind of server, and what its deliveries can be told by."""

    name: str
    module: ModuleType
    sends: str


_KINDS = {
    "plex": _Kind("Plex", plex, "an event such as media.play"),
    "jellyfin": _Kind("Jellyfin", jellyfin, "a NotificationType; all properties, or add it"),
    "emby": _Kind("Emby", emby, "an Event such as playback.start"),
    "tautulli": _Kind("Tautulli", tautulli, "an action; paste the template that the ledger gives"),
    "kodi": _Kind("Kodi", kodi, "a method such as Player.OnPlay"),
}


def hear(kind: str, delivery: Delivery) -> Heard:
    """What a delivery to a source of a kind says. Raises NotUnderstood, and nothing else."""
    document = read_body(delivery)
    expected = _KINDS[kind]
    if not expected.module.recognizes(document):
        raise NotUnderstood(_why_not(expected, document))
    heard: Heard = expected.module.hear(document)
    return heard


def _why_not(expected: _Kind, document: Document) -> str:
    found = kind_of(document)
    if found is None:
        return f"It isn't what {expected.name} sends: that has {expected.sends}."
    other = _KINDS[found].name
    return (
        f"This looks like {other}'s, and the source is for {expected.name}: add a source of the "
        f"kind {found}, and give {other} its address."
    )


def kind_of(document: Document) -> str | None:
    """The kind of server that sends such; None if none does."""
    return next((k for k, each in _KINDS.items() if each.module.recognizes(document)), None)
