"""What callers wait for, over real HTTP: a batch of events taken in, and what a home screen reads.

Batches come from a few clients at once, as players do, for many devices, so by the admin's token;
reads one after the other, so that what is measured is how long an answer takes, and by the token of
the device that they are for.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from statistics import median, quantiles
from time import perf_counter
from uuid import uuid4

from pydantic_core import to_json

from domain.events import TokenIssued, device_user_stream
from infrastructure.commands.tokens import hash_of, new_device_token
from infrastructure.ledger.entries import Entry
from tests.benchmarks.client import Client
from tests.benchmarks.databases import new_ledger
from tests.benchmarks.filling import fill, projector_on, settle
from tests.benchmarks.harness import Bench, Line, faster, ratio, seconds, within
from tests.benchmarks.mix import Device, Mix
from tests.benchmarks.server import serving

_BATCH = 100
_CLIENTS = 8
_POSTS_A_TURN = 10
_GETS_A_TURN = 200
_VIEWER = Device("viewer-tv", "viewer")
_PATH = f"/v1/device-users/{_VIEWER.cduid}"


def _posting(bench: Bench) -> float:
    mix = Mix()
    with ExitStack() as stack:
        clients: dict[str, list[Client]] = {}
        for kind in ("nowhere", "api"):
            engine = new_ledger(bench.database)
            stack.callback(engine.dispose)
            fill(engine, mix.settings)
            port = stack.enter_context(serving(engine, kind))
            clients[kind] = [stack.enter_context(Client(port)) for _ in range(_CLIENTS)]
        bodies, threads = _bodies(mix.activity()), stack.enter_context(ThreadPoolExecutor(_CLIENTS))

        def post(client: Client, turn: list[bytes]) -> None:
            for body in turn:
                client.post("/v1/events", body)

        def posting(kind: str) -> float:
            turns = [list(islice(bodies, _POSTS_A_TURN)) for _ in range(_CLIENTS)]
            return seconds(lambda: list(threads.map(post, clients[kind], turns)))

        for warm_up in ("nowhere", "api"):
            posting(warm_up)
        return ratio(lambda: posting("nowhere"), lambda: posting("api"), 2 * bench.sizes.rounds)


def _bodies(entries: Iterator[Entry]) -> Iterator[bytes]:
    while True:
        yield to_json({"events": [_submitted(entry) for entry in islice(entries, _BATCH)]})


def _submitted(entry: Entry) -> dict[str, object]:
    return {
        "id": uuid4(),
        "type": entry.event.type_name,
        "cduid": entry.stream.partition(":")[2],
        **entry.event.model_dump(mode="json", exclude_defaults=True),
    }


@dataclass(frozen=True, slots=True)
class _Reads:
    """How long answers took: the median of each turn against that of `/healthz`, and the tail."""

    against_healthz: float
    p99_over_p50: float


def _reads(bench: Bench, path: str) -> _Reads:
    port, token = bench.once(_served_viewer)
    with Client(port, token) as client:
        for warm_up in ("/healthz", path):
            _gets(client, warm_up)
        turns = [
            (_gets(client, path), _gets(client, "/healthz")) for _ in range(2 * bench.sizes.rounds)
        ]
    taken = [each for turn, _ in turns for each in turn]
    return _Reads(
        against_healthz=median(median(turn) / median(healthz) for turn, healthz in turns),
        p99_over_p50=quantiles(taken, n=100)[98] / median(taken),
    )


def _gets(client: Client, path: str) -> list[float]:
    taken = []
    for _ in range(_GETS_A_TURN):
        started_at = perf_counter()
        client.get(path)
        taken.append(perf_counter() - started_at)
    return taken


def _served_viewer(bench: Bench) -> tuple[int, str]:
    """The port of a server whose viewer has a long history behind it, and the viewer's token."""
    mix, token = Mix(), new_device_token(_VIEWER.cduid)
    issued = TokenIssued(token_sha256=hash_of(token))
    known = [
        _VIEWER.registered_entry(),
        Entry(device_user_stream(_VIEWER.cduid), issued, user=_VIEWER.user),
    ]
    engine = new_ledger(bench.database)
    bench.stack.callback(engine.dispose)
    history = islice(mix.activity([_VIEWER]), bench.sizes.viewer_events)
    fill(engine, (*mix.settings, *known, *history))
    projector_on(engine).catch_up()
    settle(engine)
    return bench.stack.enter_context(serving(engine, "whole")), token


_READS = {
    "an item": (f"{_PATH}/items/episode:100", 3),
    "a season's children": (f"{_PATH}/items?parent=season:3", 4),
    "next up": (f"{_PATH}/next-up", 6),
}


def _read_lines() -> Iterator[Line]:
    for name, (path, most) in _READS.items():
        yield within(f"GET {name} / healthz, p50", _measure(path, "against_healthz"), most)
        yield within(f"GET {name}, p99 / p50", _measure(path, "p99_over_p50"), 3)


def _measure(path: str, name: str) -> Callable[[Bench], float]:
    def measure(bench: Bench) -> float:
        found: float = getattr(bench.once(_reads, path), name)
        return found

    return measure


LINES: tuple[Line, ...] = (
    faster("POST /v1/events, 100 a batch", _posting, sqlite=0.5, postgresql=0.5),
    *_read_lines(),
)
