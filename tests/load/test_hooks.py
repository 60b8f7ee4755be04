"""Two hundred hooks a second on the embedded database, as it is installed: none is refused."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

import pytest
from structlog.testing import capture_logs

from infrastructure.bootstrap import opened
from infrastructure.settings.settings import load_settings
from tests.benchmarks.client import Client
from tests.helpers.api import Api, served
from tests.helpers.media_servers import jellyfin, now

SERVERS, SECONDS = 20, 15
PER_SECOND = 200


def tell(port: int, hook: str, number: int) -> int:
    """One server's part of the hooks, each at its time; how many were late by a second or more."""
    pause_seconds, late = SERVERS / PER_SECOND, 0
    begun_at = monotonic()
    with Client(port) as client:
        for count in range(int(SECONDS / pause_seconds)):
            due_at = begun_at + count * pause_seconds
            sleep(max(0.0, due_at - monotonic()))
            late += monotonic() - due_at > 1
            ticks = count * 120 % 5_400 * 10_000_000
            body = jellyfin(
                "PlaybackStart", at=now(), DeviceId=f"tv-{number}", PlaybackPositionTicks=ticks
            )
            answer = json.loads(client.post(hook, json.dumps(body).encode()))
            assert answer["status"] == "taken", answer
    return late


@pytest.mark.long
def test_two_hundred_hooks_a_second_are_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings({"data_dir": tmp_path, "admin_token": "the-admin"})
    with opened(settings) as services, capture_logs(), served(services) as address:
        api = Api(address, "the-admin", services)
        body = {"kind": "jellyfin", "accounts": {"ada": "ada"}}
        hook = api.admin.put("/v1/sources/jelly", json=body).json()["hook"]
        port = int(address.rpartition(":")[2])
        with ThreadPoolExecutor(SERVERS) as threads:
            late = sum(threads.map(lambda number: tell(port, hook, number), range(SERVERS)))
        shown = api.admin.get("/v1/sources/jelly").json()
        api.close()
    assert (shown["held"], shown["failed"]) == (0, 0)
    with capsys.disabled():
        sys.stdout.write(f"{SECONDS * PER_SECOND} hooks taken, {late} sent late by a second\n")
