"""From a real player to a real service: what was played is watched, and counted once."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from infrastructure.bootstrap import opened
from infrastructure.following.naming import named
from infrastructure.following.sending import Sender
from infrastructure.following.session import Session
from infrastructure.following.spool import Spool
from infrastructure.settings.settings import load_settings
from tests.helpers.api import Api, served
from tests.infrastructure.following.ledger import Ledger
from tests.infrastructure.following.players import film, follower, heard, mpv

needs_mpv = pytest.mark.skipif(
    not (shutil.which("mpv") and shutil.which("ffmpeg")),
    reason="mpv and ffmpeg aren't installed",
)


@pytest.fixture
def api(database_url: str, tmp_path: Path) -> Iterator[Api]:
    options = {
        "database_url": database_url,
        "data_dir": tmp_path / "data",
        "admin_token": "the-admin",
        "sqlite_synchronous": "OFF",
    }
    with opened(load_settings(options)) as services, capture_logs(), served(services) as address:
        api = Api(address, "the-admin", services)
        yield api
        api.close()


@pytest.fixture
def tv(api: Api) -> httpx.Client:
    api.place(
        {"item": "show_shelf:tv", "parent": None},
        {"item": "show:s", "parent": "show_shelf:tv", "title": "Sherlock"},
        {"item": "season:s1", "parent": "show:s", "index": 1},
        *({"item": f"episode:{each}", "parent": "season:s1", "index": each} for each in (1, 2)),
        {"item": "movie_shelf:m", "parent": None},
        {"item": "movie:alien", "parent": "movie_shelf:m", "title": "Alien", "year": 1979},
    )
    return api.register("tv")


@pytest.mark.long
@needs_mpv
def test_what_a_player_played_is_watched(api: Api, tv: httpx.Client, tmp_path: Path) -> None:
    first = film(tmp_path / "films", "Sherlock.S01E01E02.mkv")
    alien = Path(shutil.copyfile(first, first.with_name("Alien.1979.mkv")))
    home = Path(shutil.copyfile(first, first.with_name("Grandma at the lake.mkv")))
    where, socket = Ledger(), tmp_path / "mpv"
    where.port = httpx.URL(api.address).port or 0
    token = tv.headers["Authorization"].removeprefix("Bearer ")
    with follower("mpv", where, tmp_path, "--socket", str(socket), token=token) as process:
        with mpv(socket, "--speed=60", "--start=60", first, alien, home) as player:
            assert player.wait(60) == 0
        heard(process, "Grandma at the lake.mkv isn't recorded: The catalog has no")
    [last, *_] = tv.get("/v1/device-users/tv/history").json()["events"]
    seen = f"after={last['position']}"
    for item in ("episode:1", "episode:2", "movie:alien"):
        answer = tv.get(f"/v1/device-users/tv/items/{item}?{seen}").json()
        assert (answer["watched"], answer["plays"]) == (True, 1), item
    assert tv.get(f"/v1/device-users/tv/items/season:s1?{seen}").json()["watched"]
    assert {each: last["ref"][each] for each in ("kind", "title", "year")} == {
        "kind": "movie",
        "title": "Alien",
        "year": 1979,
    }
    assert last["state"] == "stopped"


def test_what_was_marked_in_a_players_library_is_marked(
    api: Api, tv: httpx.Client, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(tv.headers["Authorization"].removeprefix("Bearer "))
    told: list[str] = []
    alien, episode = named("Alien.1979.mkv"), named("Sherlock.S01E01.mkv")

    async def mark() -> None:
        sender = Sender(spool, api.address, token, told.append)
        session = Session(sender.keep, told.append)
        session.marks(alien, is_watched=True, is_dated=True)
        session.marks(episode, is_watched=True, is_dated=False)
        session.marks(episode, is_watched=False, is_dated=True)
        await sender.flush()

    with closing(Spool(tmp_path / "spool")) as spool:
        asyncio.run(mark())
        assert len(spool) == 0
    assert told == []
    events = tv.get("/v1/device-users/tv/history").json()["events"]
    events.sort(key=lambda each: each["position"])
    assert [(each["type"], each["item"]) for each in events if each["item"]] == [
        ("watch", "movie:alien"),
        ("watch", "episode:1"),
        ("unwatch", "episode:1"),
    ]
