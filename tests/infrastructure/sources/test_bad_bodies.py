"""Bodies that are broken, too large, or another kind of server's."""

import json
import time
import tracemalloc
from typing import Any

import pytest

from infrastructure.sources.heard import Delivery, NotUnderstood
from infrastructure.sources.kinds import hear
from tests.infrastructure.sources.shapes import (
    FORM,
    JELLYFIN_TEMPLATE,
    JSON,
    PICTURE,
    as_json,
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

KINDS = ["plex", "jellyfin", "emby", "tautulli", "kodi"]
_WHOLE = form("payload", json.dumps(plex()).encode(), picture=PICTURE)

SENT = [
    ("plex", _WHOLE),
    ("plex", as_json(plex("admin.database.backup", None))),
    ("jellyfin", as_json(jellyfin())),
    ("jellyfin", as_json(JELLYFIN_TEMPLATE, "text/plain")),
    ("jellyfin", as_json(jellyfin_webhooks())),
    ("jellyfin", form("payload", json.dumps(jellyfin_in_plex_shape()).encode())),
    ("emby", as_json(emby())),
    ("emby", form("data", json.dumps(emby("system.notificationtest", None)).encode())),
    ("tautulli", as_json(tautulli())),
    ("kodi", as_json(kodi())),
]


@pytest.mark.parametrize(("kind", "delivery"), SENT)
def test_each_kind_is_told_by_its_shape(kind: str, delivery: Delivery) -> None:
    assert looks_like(delivery) == kind


@pytest.mark.parametrize("other", KINDS)
@pytest.mark.parametrize(("kind", "delivery"), SENT)
def test_what_another_kind_sends_is_refused_by_its_name(
    kind: str, delivery: Delivery, other: str
) -> None:
    if kind == other:
        assert hear(kind, delivery).event
        return
    with pytest.raises(NotUnderstood, match=f"looks like {kind.title()}'s") as refused:
        hear(other, delivery)
    assert f"of the kind {kind}" in str(refused.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [{}, {"event": 1}, {"Event": ["x"]}, {"method": "x"}, {"a": {}}])
def test_what_no_kind_sends_says_what_is_missing(kind: str, value: Any) -> None:
    with pytest.raises(NotUnderstood, match=r"It isn't what \w+ sends"):
        hear(kind, as_json(value))
    assert looks_like(as_json(value)) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("delivery", "why"),
    [
        (Delivery(JSON, b""), "empty"),
        (Delivery(JSON, b" \r\n"), "empty"),
        (Delivery(JSON, b"null"), "no object"),
        (Delivery(JSON, b"[{}]"), "no object"),
        (Delivery(JSON, b"{"), "isn't JSON"),
        (Delivery(JSON, b'{"event": "media.play", "Metadata": '), "isn't JSON"),
        (Delivery(JSON, b'{"a": "\\ud800"}'), "isn't JSON"),
        (Delivery(JSON, '{"Event": "é"}'.encode("latin-1")), "isn't UTF-8"),
        (Delivery(JSON, b"\xff\xfe{\x00}\x00"), "isn't UTF-8"),
        (Delivery(JSON, b'{"a":' * 100_000), "isn't JSON"),
        (Delivery(JSON, b'{"a": ' + b"9" * 1_000_000 + b"}"), "isn't JSON"),
        (Delivery(JSON, b'{"a": "' + b"x" * 2_000_000 + b'"}'), "longer than"),
        (Delivery(JSON, _WHOLE.body), "isn't"),
        (Delivery("multipart/form-data", _WHOLE.body), "boundary"),
        (Delivery("multipart/form-data; boundary=", _WHOLE.body), "boundary"),
        (Delivery("multipart/form-data; boundary=\u20ac", _WHOLE.body), "broken"),
        (Delivery(f"multipart/form-data; boundary={'x' * 500}", _WHOLE.body), "broken"),
        (Delivery("multipart/form-data; boundary=other", _WHOLE.body), "broken"),
        (Delivery(FORM, b""), "breaks off"),
        (Delivery(FORM, _WHOLE.body[:-10]), "breaks off"),
        (Delivery(FORM, _WHOLE.body[:300]), "breaks off"),
        (Delivery(FORM, json.dumps(plex()).encode()), "broken"),
        (form("thumb", PICTURE), "neither a part named payload"),
        (form("payload", b""), "empty"),
        (form("payload", PICTURE), "isn't UTF-8"),
        (form("payload", b"x" * 2_000_000), "longer than"),
    ],
)
def test_what_cant_be_read_is_refused_in_words(kind: str, delivery: Delivery, why: str) -> None:
    with pytest.raises(NotUnderstood, match=why):
        hear(kind, delivery)
    assert looks_like(delivery) is None


def test_a_form_of_very_many_parts_is_refused() -> None:
    boundary = FORM.partition("boundary=")[2].encode()
    part = b'--%b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' % boundary
    with pytest.raises(NotUnderstood, match="more than 100 parts"):
        hear("plex", Delivery(FORM, part * 100_000 + b"--%b--\r\n" % boundary))


@pytest.mark.parametrize("filling", [b"\xff\xd8", b"\r\n", b"\r\n--", b"\r\n------------------"])
def test_a_picture_is_passed_over_and_not_kept(filling: bytes) -> None:
    picture = filling * (8_000_000 // len(filling))
    sent = form("payload", json.dumps(plex()).encode(), picture=picture)
    tracemalloc.start()
    began = time.monotonic()
    try:
        assert hear("plex", sent).title == "Metropolis (1927)"
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert time.monotonic() - began < 20


def test_a_mark_of_byte_order_is_no_text() -> None:
    sent = as_json(jellyfin())
    assert hear("jellyfin", Delivery(sent.content_type, b"\xef\xbb\xbf" + sent.body)).things


def test_content_types_are_read_whatever_their_letters() -> None:
    boundary = FORM.partition("boundary=")[2]
    quoted = f'Multipart/Form-Data; charset=utf-8; Boundary="{boundary}"'
    assert hear("plex", Delivery(quoted, _WHOLE.body)).things
