"""What a media server's delivery costs, over real HTTP, against the same events sent by a player.

Each is one progress of a film that the catalog knows by its ids, from a few clients at once: told
by Jellyfin's plugin to a hook, and posted by the admin under the same reference.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from uuid import uuid4

import httpx
from pydantic_core import to_json

from tests.benchmarks.client import Client
from tests.benchmarks.databases import new_ledger
from tests.benchmarks.filling import fill
from tests.benchmarks.harness import Bench, Line, ratio, seconds, within
from tests.benchmarks.mix import Mix
from tests.benchmarks.server import TOKEN, serving

_CLIENTS = 8
_POSTS_A_TURN = 50
_ADMIN = {"Authorization": f"Bearer {TOKEN}"}
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_SECONDS, _TICKS = 6_000, 10_000_000
_IMDB = "tt0013442"


def _against_events(bench: Bench) -> float:
    with ExitStack() as stack:
        engine = new_ledger(bench.database)
        stack.callback(engine.dispose)
        fill(engine, Mix().settings)
        port = stack.enter_context(serving(engine, "api"))
        clients = [stack.enter_context(Client(port)) for _ in range(_CLIENTS)]
        threads = stack.enter_context(ThreadPoolExecutor(_CLIENTS))
        hook, numbers = _settle(port, clients[0]), count()

        def posting(path: str, bodies: Iterator[bytes]) -> float:
            turns = [list(islice(bodies, _POSTS_A_TURN)) for _ in clients]

            def post(client: Client, turn: list[bytes]) -> None:
                for body in turn:
                    client.post(path, body)

            return seconds(lambda: list(threads.map(post, clients, turns)))

        def delivering() -> float:
            return posting(hook, map(_delivery, numbers))

        def sending() -> float:
            return posting("/v1/events", map(_events, numbers))

        for warm_up in (delivering, sending):
            warm_up()
        return ratio(delivering, sending, 2 * bench.sizes.rounds)


def _settle(port: int, client: Client) -> str:
    """A film that is known by its ids, and the hook of a source whose one account is mapped."""
    film = {
        "item": "movie:film",
        "parent": "movie_shelf:films",
        "title": "Nosferatu",
        "external_ids": {"imdb": _IMDB},
    }
    items = [{"item": "movie_shelf:films"}, film]
    client.post("/v1/catalog/items", to_json({"items": items}))
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=_ADMIN) as admin:
        body = {"kind": "jellyfin", "accounts": {"a1b2": "ada"}}
        hook = str(admin.put("/v1/sources/jelly", json=body).json()["hook"])
    client.post(hook, _delivery(0))
    return hook


def _at(number: int) -> str:
    return (_BEGIN + timedelta(hours=number)).isoformat()


def _delivery(number: int) -> bytes:
    told = {
        "NotificationType": "PlaybackStart",
        "ServerId": "5f1c",
        "UtcTimestamp": _at(number),
        "ItemId": "c0ffee",
        "ItemType": "Movie",
        "Name": "Nosferatu",
        "RunTimeTicks": _SECONDS * _TICKS,
        "PlaybackPositionTicks": number % _SECONDS * _TICKS,
        "Provider_imdb": _IMDB,
        "UserId": "a1b2",
        "NotificationUsername": "ada",
        "DeviceId": "browser",
        "DeviceName": "Firefox",
        "ClientName": "Jellyfin Web",
    }
    return to_json(told)


def _events(number: int) -> bytes:
    event = {
        "id": uuid4(),
        "type": "progress",
        "cduid": "jelly.a1b2.browser",
        "ref": {"kind": "movie", "ids": {"imdb": _IMDB}, "title": "Nosferatu"},
        "occurred_at": _at(number),
        "played_seconds": number % _SECONDS,
        "duration_seconds": _SECONDS,
        "state": "playing",
    }
    return to_json({"events": [event]})


LINES: tuple[Line, ...] = (within("a delivery / POST /v1/events of it", _against_events, 2),)
