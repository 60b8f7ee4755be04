"""Whatever is put into a parser, it is taken, or refused in words; nothing else can come of it."""

# ruff: noqa: PT017  # which of two things comes is what is looked at

import base64
import json
from datetime import UTC
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain.events import ACTIVITY
from domain.items import ID_PATTERN, Kind
from infrastructure.commands.placements import parse_item, parse_items
from infrastructure.commands.submissions import Submission, Unreadable, parse_event, parse_events
from infrastructure.database.engine import make_engine
from infrastructure.database.problems import DatabaseProblem
from infrastructure.http.bodies import unreadable
from infrastructure.http.histories import _CURSOR
from infrastructure.http.in_order import PATH
from infrastructure.http.next_up import _PLACE
from infrastructure.http.paging import from_cursor, to_cursor
from infrastructure.http.problem_details import Problem
from infrastructure.http.viewing import _MOMENT
from infrastructure.ledger.mapper import UnreadableEvent, decode, encode
from infrastructure.settings.settings import Settings, SettingsProblem, load_settings

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.uuids().map(str)
    | st.datetimes(timezones=st.just(UTC)).map(lambda at: at.isoformat())
    | st.sampled_from(["watch", "unwatch", "progress", "movie:a", "episode:e", "show:s", "tv"])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
IDS = st.from_regex(rf"\A{ID_PATTERN}\Z")
ITEMS = st.builds(lambda kind, key: f"{kind}:{key}", st.sampled_from(Kind), IDS)


def like(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Documents with some of these fields, right or wrong, and perhaps one more."""
    optional = {name: strategy | SCALARS for name, strategy in fields.items()}
    more = st.dictionaries(st.text(max_size=8), SCALARS, max_size=1)
    return st.builds(lambda a, b: {**b, **a}, st.fixed_dictionaries({}, optional=optional), more)


EVENTS = like(
    id=st.uuids().map(str),
    type=st.sampled_from([cls.type_name for cls in ACTIVITY]),
    item=ITEMS,
    cduid=IDS,
    occurred_at=st.datetimes(timezones=st.just(UTC)).map(lambda at: at.isoformat()),
    played_seconds=st.floats(0, 1e4),
    duration_seconds=st.floats(0, 1e4),
    share=st.floats(0, 1),
    state=st.sampled_from(["playing", "paused", "stopped"]),
    undated=st.booleans(),
    retracts=st.uuids().map(str),
    **{"with": st.lists(IDS, max_size=3)},
)
NOW_US = 1_800_000_000_000_000
PLACEMENTS = like(
    item=ITEMS,
    parent=ITEMS,
    index=st.integers(),
    title=st.text(),
    tags=st.lists(st.text()),
    external_ids=st.dictionaries(st.text(), st.text()),
    runtime_seconds=st.floats(),
    tracks_progress=st.booleans(),
)


def document(value: Any) -> bytes:
    """As any client may write it: floats that JSON doesn't have, half of a surrogate pair."""
    return json.dumps(value).encode()


@given(st.lists(EVENTS | JSON, min_size=1, max_size=5))
def test_a_body_of_events_is_taken_event_by_event(events: list[Any]) -> None:
    try:
        parsed = parse_events(document({"events": events}), NOW_US)
    except ValueError as error:
        assert unreadable(document({"events": events}), error).detail
        return
    assert len(parsed) == len(events)
    for each in parsed:
        if isinstance(each, Unreadable):
            assert each.rejection.detail.endswith(".")
        else:
            assert_kept(each)


def assert_kept(submission: Submission) -> None:
    """What was taken can be stored and is read as it was."""
    topic, state = encode(submission.event)
    assert decode(topic, state) == submission.event


@given(st.lists(PLACEMENTS | JSON, min_size=1, max_size=5))
def test_a_body_of_items_is_taken_item_by_item(items: list[Any]) -> None:
    try:
        parsed = parse_items(document({"items": items}))
    except ValueError as error:
        assert unreadable(document({"items": items}), error).detail
        return
    assert len(parsed) == len(items)


@given(st.binary(max_size=200) | JSON.map(document))
@example(b"")
@example(b"[" * 100_000)
@example(b'{"events":' * 50_000)
@example(b'{"events": [{"id": ' + b"9" * 5_000 + b"}]}")
@example('{"events": [{"item": "\ud800"}]}'.encode(errors="surrogatepass"))
@example(b'{"events": [{"item": "\\ud800"}]}')
@example(b"\xef\xbb\xbf{}")
def test_any_bytes_are_a_body_or_refused_in_words(body: bytes) -> None:
    for parse in (partial(parse_events, now_us=NOW_US), parse_items):
        with pytest.raises(ValueError) as refused:  # noqa: PT011
            parse(body)
        assert unreadable(body, refused.value).code in {
            "body_not_json",
            "body_not_utf8",
            "invalid_body",
        }


@given(st.binary(max_size=200) | (EVENTS | PLACEMENTS | JSON).map(document))
@example(b"{" * 100_000)
@example(b'{"id": 1e999}')
def test_any_line_is_taken_or_refused_in_words(line: bytes) -> None:
    for parse in (parse_event, parse_item):
        try:
            parsed = parse(line)
        except ValueError as error:
            assert str(error)
        else:
            assert not isinstance(parsed, Unreadable) or parsed.rejection.detail


CURSORS = [_CURSOR, PATH, _PLACE, _MOMENT]


@pytest.mark.parametrize("place", CURSORS, ids=["history", "items", "next-up", "plays"])
@given(cursor=st.text(max_size=100) | JSON.map(lambda value: encoded(document(value))))
@example(cursor="=")
@example(cursor=base64.urlsafe_b64encode(b"[" * 1_000).decode())
def test_any_cursor_is_a_place_or_refused_in_words(place: TypeAdapter[Any], cursor: str) -> None:
    try:
        found = from_cursor(cursor, place)
    except Problem as problem:
        assert problem.code == "invalid_cursor"
    else:
        assert from_cursor(to_cursor(found), place) == found


def encoded(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@given(st.binary(max_size=100) | JSON.map(document), st.sampled_from(["item_watched.v1", "x", ""]))
def test_any_stored_event_is_read_or_named(state: bytes, topic: str) -> None:
    try:
        decode(topic, state)
    except (UnreadableEvent, ValueError, KeyError) as error:
        assert str(error)


@given(st.dictionaries(st.sampled_from(sorted(Settings.model_fields)), st.text(), max_size=4))
@example({"trusted_proxies": "10.0.0.0/8, ::1", "cors_origins": "https://a.example,*"})
@example({"database_url": "sqlite://"})
@example({"database_url": "postgresql://[::1"})
def test_any_setting_is_taken_or_refused_by_name(given_: dict[str, str]) -> None:
    try:
        settings = load_settings(given_)
    except SettingsProblem as problem:
        assert str(problem)
        return
    try:
        make_engine(settings.url).dispose()
    except DatabaseProblem as problem:
        assert str(problem)
