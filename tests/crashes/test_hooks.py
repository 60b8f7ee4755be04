"""The service is killed while media servers tell: what was answered is recorded, held or failed."""

import json
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Event
from time import sleep
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from infrastructure.database.engine import read_transaction
from tests.crashes.services import Home, Service, wait_until
from tests.helpers.media_servers import jellyfin, now
from tests.helpers.wholeness import faults

pytestmark = pytest.mark.long

TELLERS, KILLS = 4, 3


class Teller:
    """A media server that never sends again: it counts on what was answered."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.answered: dict[str, str] = {}
        """By a delivery's title, what became of it."""

    def tell(self, service: Service, hook: str, stopping: Event) -> None:
        with service.client() as client:
            while not stopping.is_set() and self._told(client, hook):
                pass

    def _told(self, client: httpx.Client, hook: str) -> bool:
        count = len(self.answered)
        title = f"Film {self.number}-{count}"
        body = jellyfin(
            "PlaybackStop",
            at=now(),
            Name=title,
            ItemId=f"{self.number}x{count}",
            Provider_imdb=None,
            PlaybackPositionTicks=9_000_000_000,
            UserId="known" if count % 2 else "unknown",
            NotificationUsername="somebody",
        )
        try:
            answer = client.post(hook, content=json.dumps(body))
        except httpx.TransportError:
            return False
        if answer.status_code == 200:
            self.answered[title] = answer.json()["status"]
        return answer.status_code == 200


def test_a_killed_service_has_lost_nothing_of_what_media_servers_told(
    home: Home, engine: Engine
) -> None:
    chance, service = Random(1), home.serve()  # noqa: S311  # repeatable, not secret
    body = {"kind": "jellyfin", "accounts": {"known": "ada"}}
    with service.client() as client:
        hook = client.put("/v1/sources/jelly", json=body).json()["hook"]
    tellers = [Teller(number) for number in range(TELLERS)]
    for _ in range(KILLS):
        stopping = Event()
        with ThreadPoolExecutor(TELLERS) as threads:
            for each in tellers:
                threads.submit(each.tell, service, hook, stopping)
            sleep(chance.uniform(0.5, 1.5))
            service.kill()
            stopping.set()
        service = home.serve()
    answered = {title: status for each in tellers for title, status in each.answered.items()}
    # What was taken and not answered is told again under the same title: that repeats it (rule 32).
    assert {"taken", "held"} <= set(answered.values()) <= {"taken", "held", "unchanged"}
    held: list[str] = _all(engine, "SELECT title FROM delivery WHERE status = 'held'")
    states = "SELECT state FROM ledger_event WHERE submission_id IS NOT NULL"
    said = b"".join(bytes(each) for each in _all(engine, states))
    for title, status in answered.items():
        if status == "held":
            assert any(each.startswith(f"{title} (") for each in held), title
        else:
            assert f'"{title}"'.encode() in said, title
    with service.client() as client:
        mapped = {"kind": "jellyfin", "accounts": {"unknown": "ben"}}
        found = client.put("/v1/sources/jelly", json=mapped, timeout=60).json()
    assert found["settled"] == len(held)
    wait_until(service.is_ready)
    assert faults(engine) == []


def _all(engine: Engine, query: str) -> list[Any]:
    with read_transaction(engine) as connection:
        return list(connection.execute(text(query)).scalars())
