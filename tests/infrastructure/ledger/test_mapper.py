"""Every event that was ever stored is read as what it was, or refused by name."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain import events
from domain.events import Event, IsolationMode, ItemWatched, PlayerState
from domain.items import Kind
from domain.references import Named, Reference
from infrastructure.ledger import mapper
from infrastructure.ledger.mapper import UnreadableEvent, decode, decode_row, encode

FIXTURES = Path(__file__).parent / "fixtures"
AT = datetime(2026, 3, 1, 20, 15, 30, 250_000, tzinfo=UTC)
DETAILS = events.Details(
    index=4,
    title="Die Brücke",
    tags=("crime", "nordic"),
    external_ids={"imdb": "tt1733785"},
    runtime_seconds=3480.0,
    tracks_progress=False,
)
DATED = events.Details(title="Heat", year=1995, released_at=AT, external_ids={"imdb": "tt0113277"})
FILM = Reference(
    kind=Kind.MOVIE, title="Heat", year=1995, ids={"imdb": "tt0113277"}, runtime_seconds=10200.5
)
SHOW = Reference(kind=Kind.SHOW, ids={"tvdb": "252019"})
EPISODE = Reference(
    kind=Kind.EPISODE, title="Episode 4", show=Named(title="Bron", year=2011), season=1, episode=4
)

# What the files in fixtures say, by the format that wrote them first. Neither is ever edited: a
# changed shape is a new topic.
STORED: dict[str, list[Event]] = {
    "item_watched.v1": [
        events.ItemWatched(item="movie:heat", occurred_at=AT, duration_seconds=10200.5),
        events.ItemWatched(item="season:bridge-s01"),
    ],
    "item_unwatched.v1": [
        events.ItemUnwatched(item="episode:bridge-s01e01", occurred_at=AT),
        events.ItemUnwatched(item="show_shelf:series"),
    ],
    "progress_reported.v1": [
        events.ProgressReported(
            item="streamable:news", occurred_at=AT, played_seconds=61.5, duration_seconds=3600
        ),
        events.ProgressReported(item="movie:heat", played_seconds=0, duration_seconds=0.5),
    ],
    "device_user_registered.v1": [
        events.DeviceUserRegistered(
            user="ann",
            device="tv",
            reported_name="LG OLED",
            display_name="Living room",
            kind="television",
            isolation_mode=IsolationMode.QUIET,
        ),
        events.DeviceUserRegistered(user="ann", device="phone"),
    ],
    "device_described.v1": [
        events.DeviceDescribed(reported_name="LG", display_name="Den", kind="television"),
        events.DeviceDescribed(),
    ],
    "isolation_mode_changed.v1": [
        events.IsolationModeChanged(isolation_mode=mode) for mode in IsolationMode
    ],
    "token_issued.v1": [events.TokenIssued(token_sha256="0f" * 32)],
    "token_revoked.v1": [events.TokenRevoked()],
    "device_user_reassigned.v1": [events.DeviceUserReassigned(user="ben")],
    "device_user_retired.v1": [events.DeviceUserRetired()],
    "device_user_reinstated.v1": [events.DeviceUserReinstated()],
    "erased.v1": [events.Erased()],
    "user_erased.v1": [
        events.UserErased(
            events=12,
            covers=(events.Covered(erasure="0f" * 16, events=13, digest="0f" * 32),),
        ),
        events.UserErased(events=0),
    ],
    "access_changed.v1": [
        events.AccessChanged(
            allowed_shelves=("movie_shelf:kids",), allowed_tags=(), denied_tags=("horror",)
        ),
        events.AccessChanged(),
    ],
    "item_placed.v1": [
        events.ItemPlaced(item="episode:bridge-s01e04", parent="season:s1", details=DETAILS),
        events.ItemPlaced(item="stream_source:live"),
    ],
    "item_moved.v1": [events.ItemMoved(item="movie:heat", parent="movie_shelf:old")],
    "item_described.v1": [
        events.ItemDescribed(item="movie:heat", details=DETAILS),
        events.ItemDescribed(item="movie:heat", details=events.Details()),
    ],
    "item_hidden.v1": [events.ItemHidden(item="movie:heat")],
    "item_watched.v2": [
        events.ItemWatched(
            item="movie:heat",
            occurred_at=AT,
            clock_offset_seconds=-3600.5,
            duration_seconds=10200.5,
            with_users=("ben", "cleo"),
        ),
        events.ItemWatched(item="season:bridge-s01", undated=True),
    ],
    "item_unwatched.v2": [
        events.ItemUnwatched(item="episode:bridge-s01e01", occurred_at=AT, with_users=("ben",)),
        events.ItemUnwatched(item="show_shelf:series"),
    ],
    "progress_reported.v2": [
        events.ProgressReported(item="movie:heat", share=0.25, state=PlayerState.PAUSED),
        events.ProgressReported(item="movie:heat", occurred_at=AT, played_seconds=61.5),
        events.ProgressReported(
            item="movie:heat", played_seconds=61.5, duration_seconds=3600, with_users=("ben",)
        ),
    ],
    "activity_retracted.v1": [
        events.ActivityRetracted(retracts=UUID(int=7), occurred_at=AT),
        events.ActivityRetracted(retracts=UUID(int=8)),
    ],
    "item_dismissed.v1": [events.ItemDismissed(item="show:bridge", occurred_at=AT)],
    "item_recalled.v1": [events.ItemRecalled(item="show:bridge")],
    "item_restarted.v1": [events.ItemRestarted(item="season:bridge-s01", occurred_at=AT)],
    "item_placed.v2": [
        events.ItemPlaced(item="movie:heat", parent="movie_shelf:old", details=DATED),
        events.ItemPlaced(item="stream_source:live"),
    ],
    "item_described.v2": [events.ItemDescribed(item="movie:heat", details=DATED)],
    "item_linked.v1": [events.ItemLinked(item="movie:heat", same_as="movie:heat-4k")],
    "item_unlinked.v1": [events.ItemUnlinked(item="movie:heat-4k")],
    "item_restored.v1": [events.ItemRestored(item="movie:heat")],
    "item_watched.v3": [
        events.ItemWatched(item="movie:heat", occurred_at=AT, ref=FILM),
        events.ItemWatched(item="season:bridge-s01", undated=True, with_users=("ben",)),
    ],
    "item_unwatched.v3": [events.ItemUnwatched(item="episode:bridge-s01e01", ref=EPISODE)],
    "progress_reported.v3": [
        events.ProgressReported(
            item="movie:heat", played_seconds=61.5, duration_seconds=3600, ref=FILM
        ),
    ],
    "item_dismissed.v2": [events.ItemDismissed(item="show:bridge", ref=SHOW)],
    "item_recalled.v2": [events.ItemRecalled(item="show:bridge", ref=SHOW)],
    "item_restarted.v2": [events.ItemRestarted(item="show:bridge", ref=SHOW, occurred_at=AT)],
    "item_placed.v3": [
        events.ItemPlaced(
            item="movie:imdb-tt0113277", parent="movie_shelf:old", details=DATED, stands_in=True
        ),
        events.ItemPlaced(item="stream_source:live"),
    ],
    "source_configured.v1": [
        events.SourceConfigured(
            kind=events.SourceKind.PLEX,
            unknown_accounts=events.UnknownAccounts.CREATE,
            shelves={"Films": "movie_shelf:films", "show": "show_shelf:tv"},
            places=False,
            isolation_mode=IsolationMode.QUIET,
        ),
        events.SourceConfigured(kind=events.SourceKind.KODI),
    ],
    "source_secret_issued.v1": [events.SourceSecretIssued(secret_sha256="0f" * 32)],
    "source_removed.v1": [events.SourceRemoved()],
    "account_mapped.v1": [
        events.AccountMapped(source="plex", account="1", name="Ann at home"),
        events.AccountMapped(source="plex", account="Ben"),
    ],
    "account_unmapped.v1": [events.AccountUnmapped(source="plex", account="1")],
}


def test_every_event_has_a_stored_fixture_and_every_fixture_is_expected() -> None:
    assert {cls.topic for cls in events.EVENT_CLASSES} <= STORED.keys()
    assert {path.stem for path in FIXTURES.glob("*/*.json")} == STORED.keys()


@pytest.mark.parametrize("topic", STORED)
def test_a_stored_event_is_read_as_it_was(topic: str) -> None:
    [path] = FIXTURES.glob(f"*/{topic}.json")
    states = json.loads(path.read_bytes())
    assert [decode(topic, json.dumps(state).encode()) for state in states] == STORED[topic]


@pytest.mark.parametrize("event", [event for stored in STORED.values() for event in stored])
def test_an_event_is_the_same_after_writing_and_reading(event: Event) -> None:
    topic, state = encode(event)
    read = decode(topic, state)
    assert read == event
    assert encode(read) == (topic, state)


def test_facts_at_their_default_are_left_out() -> None:
    assert encode(ItemWatched(item="movie:heat"))[1] == b'{"item":"movie:heat"}'


@pytest.mark.parametrize(
    ("topic", "state", "reason"),
    [
        ("item_burned.v1", b"{}", "its topic 'item_burned.v1' isn't known"),
        ("item_watched.v1", b"{}", "item: Field required"),
        ("item_watched.v1", b'{"item":"movie:a","mood":1}', "mood: Extra inputs"),
        ("item_watched.v1", b'{"item":7}', "item: Input should be a valid string"),
        ("item_watched.v1", b'{"item":', "Invalid JSON"),
        ("item_watched.v1", b"\xff", "Invalid JSON"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_reason(
    topic: str, state: bytes, reason: str
) -> None:
    with pytest.raises(UnreadableEvent) as raised:
        decode_row(topic, state, position=9, stream="cduid:ann-tv", version=4)
    message = str(raised.value)
    assert message.startswith("The event at position 9 (cduid:ann-tv, version 4) can't be read: ")
    assert reason in message


def _seen_to_watched(facts: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "item_seen.v2", {"item": facts["what"]}


def _renamed(facts: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "item_watched.v1", facts


def test_an_event_of_an_older_shape_is_read_through_its_upcasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(mapper.UPCASTS, "item_seen.v1", _seen_to_watched)
    monkeypatch.setitem(mapper.UPCASTS, "item_seen.v2", _renamed)
    assert decode("item_seen.v1", b'{"what":"movie:heat"}') == ItemWatched(item="movie:heat")
