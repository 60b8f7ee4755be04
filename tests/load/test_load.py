"""Many players and home screens at once, while the read models are rebuilt: nothing goes wrong.

64 players each send a progress for every ten seconds of their viewing, as fast as they are
answered, and 8 home screens read all the while. What counts is that everything arrives; how long
answers took is printed, and no test asserts it.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count, takewhile
from statistics import quantiles
from threading import Event
from time import monotonic, perf_counter
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from infrastructure.database.engine import read_transaction
from infrastructure.ledger import reader
from infrastructure.operations.verifying.read_models import read_model_faults
from tests.benchmarks.client import Client
from tests.benchmarks.filling import fill
from tests.benchmarks.mix import Device, Mix
from tests.benchmarks.server import serving
from tests.helpers.stage import project_all

PLAYERS, HOME_SCREENS = 64, 8
SECONDS = 15.0
TICK_SECONDS, VIEWING_SECONDS = 10, 2_520
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MIX = Mix()

Seconds = list[float]


def play(client: Client, device: Device, episodes: list[str], stop: Event) -> Seconds:
    """A player's evening: a progress every ten seconds of it, one episode after the other."""
    taken: Seconds = []
    for tick in takewhile(lambda _: not stop.is_set(), count()):
        episode, second = divmod(tick * TICK_SECONDS, VIEWING_SECONDS)
        event = {
            "id": str(uuid4()),
            "type": "progress",
            "cduid": device.cduid,
            "item": episodes[episode % len(episodes)],
            "occurred_at": (BEGIN + timedelta(seconds=tick * TICK_SECONDS)).isoformat(),
            "played_seconds": second + TICK_SECONDS,
            "duration_seconds": VIEWING_SECONDS,
        }
        body = json.dumps({"events": [event]}).encode()
        started_at = perf_counter()
        answer = client.post("/v1/events", body)
        taken.append(perf_counter() - started_at)
        assert json.loads(answer)["results"][0]["status"] == "recorded"
    return taken


def look(client: Client, device: Device, stop: Event) -> Seconds:
    """A home screen that is shown over and over."""
    taken: Seconds = []
    while not stop.is_set():
        for asked in ("next-up?limit=20", "in-progress?limit=20", "items?parent=season:0"):
            started_at = perf_counter()
            client.get(f"/v1/device-users/{device.cduid}/{asked}")
            taken.append(perf_counter() - started_at)
    return taken


def connected(port: int, do: Callable[..., Seconds], *arguments: object) -> Seconds:
    with Client(port) as client:
        return do(client, *arguments)


def rebuild(engine: Engine) -> int:
    """How often it was rebuilt, by the command, until the time was over."""
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "infrastructure.cli", "rebuild", "--database-url", url]
    until, times = monotonic() + SECONDS, 0
    while monotonic() < until:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  # our own command
        times += 1
    return times


def gathered(futures: list[Future[Seconds]]) -> Seconds:
    return [taken for future in futures for taken in future.result()]


def said(name: str, taken: Seconds) -> str:
    hundredths = quantiles(taken, n=100)
    p50, p99 = (1000 * hundredths[place] for place in (49, 98))
    return f"{name}: {len(taken)}, p50 {p50:.1f} ms, p99 {p99:.1f} ms\n"


@pytest.fixture
def port(engine: Engine) -> Iterator[int]:
    """A server whose ledger has the catalog and the players' devices."""
    fill(engine, MIX.settings)
    project_all(engine)
    with serving(engine, "whole") as found:
        yield found


@pytest.mark.long
def test_nothing_is_lost_or_refused_under_load(
    engine: Engine, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = Event()
    players = MIX.devices[:PLAYERS]
    with ThreadPoolExecutor(PLAYERS + HOME_SCREENS) as threads:
        playing = [
            threads.submit(connected, port, play, each, MIX.catalog.episodes[number::PLAYERS], stop)
            for number, each in enumerate(players)
        ]
        looking = [
            threads.submit(connected, port, look, each, stop) for each in players[:HOME_SCREENS]
        ]
        try:
            rebuilds = rebuild(engine)
        finally:
            stop.set()
        posts, reads = gathered(playing), gathered(looking)

    position = len(MIX.settings) + len(posts)
    with read_transaction(engine) as connection:
        assert reader.head(connection).position == position
    with Client(port) as client:
        path = f"/v1/device-users/{players[0].cduid}/in-progress"
        client.get(f"{path}?after={position}&wait_seconds=30")
    with read_transaction(engine) as connection:
        assert list(read_model_faults(connection)) == []
    with capsys.disabled():
        sys.stdout.write(f"\n{engine.dialect.name}, rebuilt {rebuilds} times meanwhile\n")
        sys.stdout.write(said("progress sent", posts) + said("home screens read", reads))
