"""Players that append over HTTP, and keep count of what was answered, whatever happens to it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Event
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import Engine, func, select

from domain.events import device_user_stream
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.schema import ledger_event
from tests.crashes.services import Service


class Player:
    """One device's: posts batches until told to stop; `sent` is what it knows of each id."""

    def __init__(self, cduid: str, seed: int) -> None:
        self.cduid = cduid
        self.events: dict[str, dict[str, Any]] = {}
        self.sent: dict[str, str | None] = {}
        """What was answered for each id, None as long as nothing was."""
        self.repeated: dict[str, int] = {}
        """For each id that told nothing new (rule 32), the position of what it repeats."""
        self.is_refused = False
        self.position = 0
        """Where the ledger ended with the newest answer."""
        self._chance = Random(seed)  # noqa: S311  # repeatable, not secret

    @property
    def unanswered(self) -> list[dict[str, Any]]:
        return [self.events[each] for each, status in self.sent.items() if status is None]

    def play(self, service: Service, stopping: Event) -> None:
        """Post until the server is gone or it is enough."""
        with service.client() as client:
            while not stopping.is_set():
                if not self.post(client, self._batch()):
                    return

    def post(self, client: httpx.Client, events: list[dict[str, Any]]) -> bool:
        """Post events; False if no answer came or it was that the service can't."""
        for event in events:
            self.events[event["id"]] = event
            self.sent.setdefault(event["id"], None)
        try:
            answer = client.post("/v1/events", json={"events": events})
        except httpx.TransportError:
            return False
        if answer.status_code != 200:
            assert answer.status_code in {503, 507}, answer.text
            self.is_refused = True
            return False
        self.position = answer.json()["position"]
        for result in answer.json()["results"]:
            self.sent[result["id"]] = result["status"]
            if result["status"] == "unchanged":
                self.repeated[result["id"]] = result["position"]
        return True

    def resend(self, service: Service) -> None:
        """Send again what wasn't answered."""
        with service.client() as client:
            if unanswered := self.unanswered:
                assert self.post(client, unanswered)
        assert set(self.sent.values()) <= {"recorded", "duplicate", "unchanged"}

    def _batch(self) -> list[dict[str, Any]]:
        return [self._event() for _ in range(self._chance.randint(1, 20))]

    def _event(self) -> dict[str, Any]:
        item = f"movie:{self._chance.randrange(20)}"
        played = self._chance.choice((None, None, 100.0, self._chance.uniform(1, 1000)))
        progress = {"played_seconds": played, "duration_seconds": 1000.0} if played else {}
        kind = "progress" if played else self._chance.choice(("watch", "unwatch"))
        return {"id": str(uuid4()), "type": kind, "item": item, "cduid": self.cduid, **progress}


def players(count: int) -> list[Player]:
    return [Player(f"ada-{number}", number) for number in range(count)]


@contextmanager
def playing(service: Service, all_players: list[Player]) -> Iterator[None]:
    """All of them at once for as long as the block lasts; raises what one of them raised."""
    stopping = Event()
    with ThreadPoolExecutor(len(all_players)) as threads:
        running: list[Future[None]] = [
            threads.submit(player.play, service, stopping) for player in all_players
        ]
        try:
            yield
        finally:
            stopping.set()
        for each in running:
            each.result()


def check_each_is_there_once(engine: Engine, all_players: list[Player]) -> None:
    """Every id that a player has sent and had answered is in the ledger, once, and no other is.

    Of one that told nothing new there is what it repeats: the same player's, on the same item.
    """
    event = ledger_event.c
    with read_transaction(engine) as connection:
        asked = select(event.submission_id, func.count()).group_by(event.submission_id)
        found = connection.execute(asked.where(event.submission_id.is_not(None))).all()
        places = connection.execute(select(event.position, event.originator_id, event.item)).all()
    counts = {str(submission_id): count for submission_id, count in found}
    known = {each for player in all_players for each in player.sent}
    answered = {
        each
        for player in all_players
        for each, status in player.sent.items()
        if status in {"recorded", "duplicate"}
    }
    assert set(counts.values()) <= {1}
    assert answered <= counts.keys() <= known
    said_at = {position: (stream, item) for position, stream, item in places}
    for player in all_players:
        for each, position in player.repeated.items():
            about = device_user_stream(player.cduid), player.events[each]["item"]
            assert said_at[position] == about
