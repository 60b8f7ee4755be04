"""Kodi is followed by its library's ids, by a stand-in that answers as Kodi does."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from infrastructure.following import kodi as module
from infrastructure.following.kodi import Kodi
from infrastructure.following.media import PlayerAway
from infrastructure.following.session import Session
from tests.infrastructure.following.kodi_server import EPISODE, KodiServer, kodi_server

_RECORDED = Path(__file__).parents[4] / "shared" / "data" / "clients" / "kodi-jsonrpc.ndjson"

_ITEM = {"id": 7, "type": "episode", "file": EPISODE["file"]}
_REFERENCE = {
    "kind": "episode",
    "ids": EPISODE["uniqueid"],
    "title": "The Great Game",
    "show": {"title": "Sherlock", "year": 2010, "ids": {"imdb": "tt1475582"}},
    "season": 1,
    "episode": 3,
    "runtime_seconds": 5360,
}


class _Room:
    """Kodi, who follows it, and what was said of it."""

    def __init__(self, kodi: KodiServer) -> None:
        self.kodi = kodi
        self.events: list[dict[str, Any]] = []
        self.told: list[str] = []
        self.session = Session(lambda _, event: self.events.append(event), self.told.append)

    def said(self) -> list[tuple[str, float]]:
        return [(each["state"], each["played_seconds"]) for each in self.events]

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not is_so():  # what it waits for has no event
                self.session.ticks()
                await asyncio.sleep(0.01)

    async def says(self, *said: tuple[str, float]) -> None:
        with suppress(TimeoutError):
            await self.until(lambda: len(self.events) >= len(said))
        assert self.said() == list(said)

    async def sees_no_change(self) -> None:
        """Until it was asked a few times more."""
        before = len(self.kodi.asked)
        await self.until(lambda: len(self.kodi.asked) > before + 8)


@asynccontextmanager
async def _followed() -> AsyncIterator[_Room]:
    async with kodi_server() as kodi:
        room = _Room(kodi)
        following = asyncio.create_task(Kodi("127.0.0.1", kodi.port).follow(room.session))
        await room.until(lambda: bool(kodi.asked))
        yield room
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following


def _live(evening: Callable[[_Room], Awaitable[None]]) -> None:
    async def main() -> None:
        async with _followed() as room:
            await evening(room)

    asyncio.run(main())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.02)


def test_an_episode_of_the_library_is_named_by_its_ids_and_its_shows() -> None:
    async def evening(room: _Room) -> None:
        room.kodi.item = _ITEM
        await room.kodi.notifies("Player.OnPlay", {"item": {"id": 7, "type": "episode"}})
        await room.says(("playing", 0))
        assert room.events[0]["ref"] == _REFERENCE
        assert room.events[0]["duration_seconds"] == 5_360

    _live(evening)


def test_a_pause_a_resume_a_seek_and_a_stop_are_said_with_their_places() -> None:
    async def evening(room: _Room) -> None:
        room.kodi.item = _ITEM
        await room.says(("playing", 0))
        room.kodi.seconds, room.kodi.speed = 100.5, 0
        await room.says(("playing", 0), ("paused", 100.5))
        room.kodi.speed = 1
        await room.says(("playing", 0), ("paused", 100.5), ("playing", 100.5))
        room.kodi.seconds = 1_870
        await room.kodi.notifies("Player.OnSeek", {"item": {"id": 7, "type": "episode"}})
        await room.until(lambda: len(room.events) == 4)
        room.kodi.seconds = 1_900
        await room.sees_no_change()
        room.kodi.item = None
        await room.kodi.notifies("Player.OnStop", {"item": {"id": 7}, "end": False})
        await room.until(lambda: len(room.events) == 5)
        assert room.said()[3:] == [("playing", 1_870), ("stopped", 1_900)]

    _live(evening)


def test_what_ran_out_was_seen_to_its_end() -> None:
    async def evening(room: _Room) -> None:
        room.kodi.item, room.kodi.seconds = _ITEM, 5_357
        await room.says(("playing", 5_357))
        room.kodi.item = None
        await room.kodi.notifies("Player.OnStop", {"item": {"id": 7}, "end": True})
        await room.says(("playing", 5_357), ("stopped", 5_360))

    _live(evening)


def test_the_end_of_one_item_is_not_that_of_the_next() -> None:
    async def evening(room: _Room) -> None:
        room.kodi.item = {"id": None, "type": "unknown", "file": "/films/Alien.1979.mkv"}
        await room.says(("playing", 0))
        await room.kodi.notifies("Player.OnStop", {"item": {"id": 7}, "end": True})
        await room.sees_no_change()
        await room.says(("playing", 0))
        assert room.events[0]["ref"] == {"kind": "movie", "title": "Alien", "year": 1979}

    _live(evening)


def test_a_film_of_the_library_is_named_by_its_ids() -> None:
    async def evening(room: _Room) -> None:
        film = {"title": "Alien", "year": 1979, "uniqueid": {"tmdb": "348"}, "runtime": 7_020}
        room.kodi.library["movie", 12] = film
        room.kodi.item = {"id": 12, "type": "movie", "file": "smb://nas/x.mkv"}
        await room.says(("playing", 0))
        assert room.events[0]["ref"] == {
            "kind": "movie",
            "ids": {"tmdb": "348"},
            "title": "Alien",
            "year": 1979,
            "runtime_seconds": 7_020,
        }

    _live(evening)


def test_a_file_of_two_episodes_is_both_though_the_library_says_one() -> None:
    async def evening(room: _Room) -> None:
        file = "smb://nas/tv/Sherlock/Sherlock.S01E03E04.mkv"
        room.kodi.item, room.kodi.total_seconds = {**_ITEM, "file": file}, 6_000
        await room.says(("playing", 0))
        room.kodi.seconds = 3_001
        await room.says(("playing", 0), ("stopped", 3_000), ("playing", 1))
        assert [each["ref"]["episode"] for each in room.events] == [3, 3, 4]
        assert "ids" not in room.events[2]["ref"]
        assert {each["duration_seconds"] for each in room.events} == {3_000}

    _live(evening)


@pytest.mark.parametrize("item_type", ["song", "channel", "musicvideo", "picture"])
def test_what_is_no_film_is_told_once_and_not_said(item_type: str) -> None:
    async def evening(room: _Room) -> None:
        room.kodi.item = {"id": 5, "type": item_type, "file": "pvr://channels/1.pvr"}
        await room.sees_no_change()
        assert room.events == []
        assert len(room.told) == 1

    _live(evening)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"playcount": 1}, ("watch", "occurred_at")),
        ({"playcount": 0}, ("unwatch", "occurred_at")),
        ({"playcount": 1, "transaction": True}, ("watch", "undated")),
        ({"playcount": 0, "transaction": True}, None),
        ({"added": True}, None),
    ],
)
def test_a_play_count_is_a_mark(data: dict[str, Any], expected: tuple[str, str] | None) -> None:
    async def evening(room: _Room) -> None:
        update = {"item": {"id": 7, "type": "episode"}, **data}
        await room.kodi.notifies("VideoLibrary.OnUpdate", update)
        await room.sees_no_change()
        assert len(room.events) == (0 if expected is None else 1)
        for event in room.events:
            assert (event["type"], event["ref"]) == (expected and expected[0], _REFERENCE)
            assert expected
            assert expected[1] in event

    _live(evening)


def test_a_mark_on_what_is_no_longer_there_is_told() -> None:
    async def evening(room: _Room) -> None:
        update = {"item": {"id": 99, "type": "episode"}, "playcount": 1}
        await room.kodi.notifies("VideoLibrary.OnUpdate", update)
        await room.until(lambda: bool(room.told))
        assert room.events == []

    _live(evening)


def test_a_kodi_that_is_gone_or_was_never_there_is_waited_for() -> None:
    async def main() -> None:
        async with kodi_server() as kodi:
            room = _Room(kodi)
            following = asyncio.create_task(Kodi("127.0.0.1", kodi.port).follow(room.session))
            await room.until(lambda: bool(kodi.asked))
            await kodi.hangs_up()
            with pytest.raises(PlayerAway, match="is gone"):
                await following
        with pytest.raises(PlayerAway, match="Waiting for Kodi"):
            await Kodi("127.0.0.1", kodi.port).follow(room.session)

    asyncio.run(main())


@pytest.mark.skipif(not _RECORDED.exists(), reason=f"what Kodi sends isn't in {_RECORDED.parent}")
def test_what_kodi_sends_is_understood_as_it_is_meant() -> None:
    lines = [json.loads(line) for line in _RECORDED.read_text().splitlines()]
    [details, properties] = lines.pop()["answer"]

    async def evening(room: _Room) -> None:
        episode = details["result"]["episodedetails"]
        room.kodi.library["episode", 7] = episode
        at = properties["result"]["time"]
        for line in lines:
            body, is_stop = line["body"], line["body"]["method"] == "Player.OnStop"
            item = {"id": 7, "type": "episode", "file": episode["file"]}
            if body["method"].startswith("Player."):
                room.kodi.item, room.kodi.seconds = item, at["seconds"]
                room.kodi.speed = body["params"]["data"].get("player", {}).get("speed", 1)
                await room.sees_no_change()
            if is_stop:
                room.kodi.item = None
            await room.kodi.notifies(body["method"], body["params"]["data"])
            await room.sees_no_change()

    room_events: list[dict[str, Any]] = []

    async def whole(room: _Room) -> None:
        await evening(room)
        room_events.extend(room.events)

    _live(whole)
    assert [(each["type"], each.get("state")) for each in room_events] == [
        ("progress", "playing"),
        ("progress", "paused"),
        ("progress", "playing"),
        ("progress", "stopped"),
        ("progress", "playing"),
        ("progress", "stopped"),
        ("watch", None),
        ("unwatch", None),
    ]
    assert room_events[5]["played_seconds"] == room_events[5]["duration_seconds"]
