"""Whatever comes, it is heard or refused in words, and what is heard can be recorded."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.events import ItemUnwatched, ItemWatched, ProgressReported
from domain.references import Reference
from infrastructure.sources.heard import Delivery, Heard, NotUnderstood, Said
from infrastructure.sources.kinds import hear
from tests.infrastructure.sources.shapes import (
    EMBY_EPISODE,
    EMBY_SEASON,
    EMBY_SERIES,
    FORM,
    JELLYFIN_EPISODE,
    JELLYFIN_TEMPLATE,
    JSON,
    KODI_EPISODE,
    KODI_PROPERTIES,
    PICTURE,
    PLAIN,
    PLEX_EPISODE,
    emby,
    form,
    jellyfin,
    jellyfin_in_plex_shape,
    jellyfin_webhooks,
    kodi,
    looks_like,
    plex,
    tautulli,
)

KINDS = st.sampled_from(["plex", "jellyfin", "emby", "tautulli", "kodi"])
_LIBRARY = {"added": True, "item": {"id": 12, "type": "movie"}, "playcount": 1}
REAL: dict[str, list[dict[str, Any]]] = {
    "plex": [
        *(plex(event) for event in ("media.play", "media.stop", "media.scrobble", "library.new")),
        plex("media.pause", PLEX_EPISODE),
        plex("media.scrobble", PLEX_EPISODE, guid="com.plexapp.agents.hama://anidb-69/1/1071"),
        plex("library.new", {**PLEX_EPISODE, "type": "season"}),
    ],
    "jellyfin": [
        jellyfin(),
        jellyfin("PlaybackStop", JELLYFIN_EPISODE, EpisodeNumberEnd=6, PlayedToCompletion=False),
        jellyfin("PlaybackStop", JELLYFIN_EPISODE, EpisodeNumberEnd=6, PlayedToCompletion=True),
        jellyfin("UserDataSaved", JELLYFIN_EPISODE, SaveReason="TogglePlayed", Played=True),
        jellyfin("ItemAdded", JELLYFIN_EPISODE, ItemType="Season"),
        JELLYFIN_TEMPLATE,
        *(jellyfin_webhooks(event) for event in ("Stop", "Scrobble", "MarkPlayed", "ItemRemoved")),
        jellyfin_in_plex_shape(),
    ],
    "emby": [
        emby(),
        emby("playback.stop", {**EMBY_EPISODE, "IndexNumberEnd": 5}, PlayedToCompletion=True),
        emby("item.markplayed", EMBY_SERIES),
        emby("library.new", EMBY_SEASON),
    ],
    "tautulli": [
        tautulli(),
        tautulli("watched", media_type="movie"),
        tautulli("created", episode_num="1-3"),
    ],
    "kodi": [
        kodi(details=KODI_EPISODE, properties=KODI_PROPERTIES, show={"title": "The Prisoner"}),
        kodi("VideoLibrary.OnUpdate", _LIBRARY, details={"title": "Metropolis", "year": 1927}),
        kodi("Player.OnStop", {"item": {"type": "movie", "title": "Metropolis"}, "end": True}),
    ],
}
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.integers().map(str)
    | st.floats().map(str)
    | st.sampled_from(["", "0", "-1", "nan", "True", "False", "tt0", "1-9", "9" * 400])
    | st.sampled_from(["com.plexapp.agents.hama://anidb-1/2/3?x", "plex://movie/", "imdb://tt1"])
    | st.sampled_from(["0001-01-01T00:00:00Z", "2026-03-02T19:15:00.1234567+23:59", "24:00"])
    | st.sampled_from([2**31, 2**63, -(2**63), 10**400, 1e300])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A real body with a few of its fields, at any depth, made into anything or taken away."""
    kind = draw(KINDS)
    value = json.loads(json.dumps(draw(st.sampled_from(REAL[kind]))))
    for _ in range(draw(st.integers(0, 4))):
        place = value
        while True:
            key = draw(st.sampled_from(sorted(place)))
            inner = place[key]
            if not isinstance(inner, dict) or not inner or draw(st.booleans()):
                break
            place = inner
        if draw(st.integers(0, 4)) == 0 and len(place) > 1:
            del place[key]
        else:
            place[key] = draw(VALUES)
    return kind, value


def assert_heard(kind: str, delivery: Delivery) -> Heard | None:
    """It is heard, or else refused in a sentence; None if so."""
    try:
        heard = hear(kind, delivery)
    except NotUnderstood as error:
        refused = str(error)
    else:
        assert_sound(heard)
        return heard
    assert refused.endswith(".")
    return None


def assert_sound(heard: Heard) -> None:
    """It says something or why not, and all of it can be recorded."""
    assert (heard.why_ignored is None) is bool(heard.things)
    assert len(heard.things) <= 500
    for each in heard.things:
        assert Reference.model_validate(each.reference.model_dump()) == each.reference
        if isinstance(each, Said):
            assert_recordable(each)


def assert_recordable(said: Said) -> None:
    """An event can be made of it."""
    assert said.account.key
    assert said.player is None or said.player.key
    item, at = "movie:x", said.occurred_at
    match said.type:
        case "watch":
            seconds = said.duration_seconds
            assert ItemWatched(item=item, occurred_at=at, duration_seconds=seconds)
        case "unwatch":
            assert ItemUnwatched(item=item, occurred_at=at)
        case "progress":
            assert said.played_seconds is not None
            assert said.duration_seconds is None or said.played_seconds <= said.duration_seconds
            assert ProgressReported(
                item=item,
                occurred_at=at,
                played_seconds=said.played_seconds,
                duration_seconds=said.duration_seconds,
                state=said.state,
            )


@pytest.mark.parametrize(("kind", "bodies"), REAL.items())
def test_what_is_mutated_is_heard_as_it_is(kind: str, bodies: list[dict[str, Any]]) -> None:
    for body in bodies:
        heard = assert_heard(kind, Delivery(JSON, json.dumps(body).encode()))
        assert heard is not None
        assert heard.things


@settings(max_examples=400, deadline=None)
@given(sent=mutated(), as_form=st.booleans())
def test_any_mutated_body_is_heard_or_refused(sent: tuple[str, Any], as_form: bool) -> None:
    kind, value = sent
    body = json.dumps(value).encode()
    part = "data" if kind == "emby" else "payload"
    delivery = form(part, body, picture=PICTURE) if as_form else Delivery(PLAIN, body)
    assert_heard(kind, delivery)


@settings(deadline=None)
@given(
    KINDS,
    st.sampled_from([JSON, PLAIN, FORM, "multipart/form-data", "multipart/x; boundary=a"])
    | st.text(max_size=60),
    st.binary(max_size=300) | VALUES.map(lambda value: json.dumps(value).encode()),
)
@example("plex", FORM, b"[" * 100_000)
@example("kodi", JSON, b'{"method": "Player.OnPlay", "params": ' + b"[" * 1_000)
def test_any_bytes_are_heard_or_refused(kind: str, content_type: str, body: bytes) -> None:
    delivery = Delivery(content_type, body)
    assert_heard(kind, delivery)
    assert looks_like(delivery) in {None, *REAL}


@settings(deadline=None)
@given(
    st.integers(0, 3_000),
    st.integers(0, 40),
    st.binary(max_size=10),
    st.sampled_from([b"--", b"\r\n", b"\r\n\r\n", b'"', b";"]) | st.binary(max_size=6),
)
def test_any_broken_form_is_heard_or_refused(
    at: int, size: int, filling: bytes, more: bytes
) -> None:
    whole = form("payload", json.dumps(plex()).encode(), picture=PICTURE)
    broken = whole.body[:at] + filling + more + whole.body[at + size :]
    assert_heard("plex", Delivery(whole.content_type, broken))
