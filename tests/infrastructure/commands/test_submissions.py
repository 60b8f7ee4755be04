"""What players can send: every activity that there is, with all that it can claim."""

import json
from datetime import datetime
from typing import Any

import pytest

from domain.events import (
    ACTIVITY,
    Activity,
    ItemUnwatched,
    ItemWatched,
    PlayerState,
    ProgressReported,
    at_us,
)
from domain.instants import to_us
from domain.items import Kind
from domain.references import Reference
from infrastructure.commands.submissions import (
    EVENTS_BODY,
    Submission,
    Unreadable,
    parse_events,
)
from infrastructure.ledger.mapper import decode, encode

SCHEMA = EVENTS_BODY.json_schema()
SENT_AS = SCHEMA["properties"]["events"]["items"]["discriminator"]["mapping"]
ENVELOPE = {"id", "type", "cduid"}
NAMED = {"with_users": "with"}
ADDED = {"clock_offset_seconds"}
"""What the ledger adds, from what came with the request."""
ID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
SENT_AT = "2026-01-31T20:15:00Z"
SENT_AT_US = to_us(datetime.fromisoformat(SENT_AT))


def the_event(now_us: int = 0, sent_at: str | None = None, **sent: Any) -> Activity:
    """What one event that was sent becomes."""
    body = {"events": [{"id": ID, "item": "movie:a", **sent}], "sent_at": sent_at}
    [parsed] = parse_events(json.dumps(body).encode(), now_us)
    assert isinstance(parsed, Submission)
    return parsed.event


def test_every_activity_can_be_sent_and_nothing_else() -> None:
    assert SENT_AS.keys() == {cls.type_name for cls in ACTIVITY}


@pytest.mark.parametrize("event_class", ACTIVITY)
def test_what_is_sent_has_the_facts_of_its_event(event_class: type[Activity]) -> None:
    shape = SCHEMA["$defs"][SENT_AS[event_class.type_name].rpartition("/")[2]]
    claimed = {NAMED.get(name, name) for name in event_class.model_fields}
    assert shape["properties"].keys() == {*ENVELOPE, *claimed} - ADDED
    facts = {name for name, field in event_class.model_fields.items() if field.is_required()}
    assert set(shape["required"]) == {"id", "type", *facts} - {"item"}  # for which a ref may stand


def test_an_event_has_an_item_or_what_it_is_called() -> None:
    called = {"kind": "movie", "title": "Heat", "year": 1995, "ids": {"tmdb": 949, "imdb": None}}
    event = the_event(type="watch", item=None, ref=called)
    assert isinstance(event, ItemWatched)
    assert event.ref == Reference(kind=Kind.MOVIE, title="Heat", year=1995, ids={"tmdb": "949"})


@pytest.mark.parametrize(
    "naming", [{}, {"item": None}, {"item": "movie:a", "ref": {"kind": "movie", "title": "Heat"}}]
)
def test_an_event_with_neither_or_both_is_told_to_have_one(naming: dict[str, Any]) -> None:
    body = {"events": [{"id": ID, "type": "watch", **naming}]}
    [parsed] = parse_events(json.dumps(body).encode(), 0)
    assert isinstance(parsed, Unreadable)
    assert "send item, or ref" in parsed.rejection.detail


@pytest.mark.parametrize(
    ("called", "told"),
    [
        ({"kind": "movie"}, "names nothing"),
        ({"kind": "episode", "title": "Pilot"}, "names nothing"),
        ({"kind": "episode", "show": {"title": "Lost"}, "season": 1}, "names nothing"),
        ({"kind": "movie_shelf", "title": "Films"}, "names a shelf"),
        ({"kind": "movie", "title": "Heat", "season": -1}, "season"),
        ({"kind": "movie", "ids": {"imdb": "tt\n1"}}, "ids"),
        ({"kind": "book", "title": "Heat"}, "kind"),
    ],
)
def test_what_names_nothing_is_told_what_to_send(called: dict[str, Any], told: str) -> None:
    body = {"events": [{"id": ID, "type": "watch", "ref": called}]}
    [parsed] = parse_events(json.dumps(body).encode(), 0)
    assert isinstance(parsed, Unreadable)
    assert told in parsed.rejection.detail


def test_what_is_sent_becomes_the_facts_of_its_event() -> None:
    company: dict[str, Any] = {"with": ["bob"]}
    progress = the_event(type="progress", share=0.5, state="paused", **company)
    assert progress == ProgressReported(
        item="movie:a", share=0.5, state=PlayerState.PAUSED, with_users=("bob",)
    )


def test_what_is_null_is_as_what_is_left_out() -> None:
    nulls: dict[str, Any] = {"occurred_at": None, "cduid": None, "with": None}
    assert the_event(type="unwatch", **nulls) == ItemUnwatched(item="movie:a")
    progress = the_event(type="progress", share=None, state=None, played_seconds=7)
    assert progress == ProgressReported(item="movie:a", played_seconds=7)


@pytest.mark.parametrize(
    ("behind_us", "offset_seconds"),
    [(0, None), (2_000_000, None), (-2_000_000, None), (2_000_001, 2.000001), (-90_000_000, -90)],
)
def test_a_clock_that_is_off_is_kept_with_what_it_dated(
    behind_us: int, offset_seconds: float | None
) -> None:
    now_us = SENT_AT_US + behind_us
    dated = the_event(now_us, SENT_AT, type="watch", occurred_at="2026-01-31T20:00:00Z")
    assert dated.clock_offset_seconds == offset_seconds
    assert the_event(now_us, SENT_AT, type="watch").clock_offset_seconds is None


def test_a_clock_may_be_off_by_half_a_century() -> None:
    said = {"type": "watch", "occurred_at": "1970-03-01T00:00:00Z"}
    event = the_event(SENT_AT_US, "1970-03-01T00:01:00Z", **said)
    assert decode(*encode(event)) == event
    assert at_us(event, SENT_AT_US) == SENT_AT_US - 60_000_000
