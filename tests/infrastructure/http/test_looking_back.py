"""Looking back is bounded: whoever does it much has only themselves wait, and it ends with them."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from domain.events import Recorded
from infrastructure.ledger.reader import read_activity
from infrastructure.querying import as_of
from tests.helpers.api import Api, event

PATIENCE_SECONDS = 20


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def past(cduid: str, position: int) -> str:
    return f"/v1/device-users/{cduid}/watched?as_of={position}"


class Looking:
    """Look-backs of some device users that stand still in the midst of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *cduids: str) -> None:
        self.begun, self.may_end = Event(), Event()
        self._pool = ThreadPoolExecutor(4)
        streams = {f"cduid:{each}" for each in cduids}

        def reading(
            connection: Connection, stream: str, upto: int, version: int
        ) -> Iterator[Recorded]:
            if stream in streams:
                self.begun.set()
                assert self.may_end.wait(PATIENCE_SECONDS)
            yield from read_activity(connection, stream, upto, version)

        monkeypatch.setattr(as_of, "read_activity", reading)

    def asked(self, client: httpx.Client, path: str) -> "Future[httpx.Response]":
        self.begun.clear()
        asked = self._pool.submit(client.get, path, timeout=PATIENCE_SECONDS)
        assert self.begun.wait(PATIENCE_SECONDS)
        return asked

    @contextmanager
    def still(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.may_end.set()
            self._pool.shutdown()


@pytest.fixture
def household(api: Api) -> dict[str, httpx.Client]:
    clients = {each: api.register(each, user=f"user-{each}") for each in ("tv", "pc", "box")}
    api.place_movies("a", "b")
    for client in clients.values():
        answer = client.post("/v1/events", json={"events": [event(), event("movie:b")]})
        assert answer.status_code == 200, answer.text
    return clients


def end_of(api: Api) -> int:
    return api.services.ledger.head().position


def test_who_looks_back_much_is_told_to_wait_and_nobody_else_is_kept(
    api: Api, household: dict[str, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    then, looking = end_of(api) - 1, Looking(monkeypatch, "tv")
    tv, pc = household["tv"], household["pc"]
    with looking.still():
        first = looking.asked(tv, past("tv", then))
        for position in range(1, 11):
            refused = tv.get(past("tv", position))
            assert problem(refused) == (503, "too_many_look_backs")
            assert refused.headers["Retry-After"] == "1"
            assert api.place_movies(f"new-{position}")  # the directory goes on meanwhile
            present = pc.get("/v1/device-users/pc/watched", params={"after": end_of(api)})
            assert present.status_code == 200
        assert pc.get(past("pc", then)).status_code == 200
    assert first.result().json()["position"] == then
    assert tv.get(past("tv", then - 1)).status_code == 200


def test_no_more_look_back_at_once_than_the_process_allows(
    api: Api, household: dict[str, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    then, looking = end_of(api), Looking(monkeypatch, "tv", "pc")
    api.place_movies("c")
    with looking.still():
        asked = [looking.asked(household[each], past(each, then)) for each in ("tv", "pc")]
        refused = household["box"].get(past("box", then))
        assert problem(refused) == (503, "too_many_look_backs")
        assert "Others" in refused.json()["detail"]
    assert [each.result().status_code for each in asked] == [200, 200]
    assert household["box"].get(past("box", then)).status_code == 200


def test_what_was_looked_back_to_before_is_answered_though_others_look_back(
    api: Api, household: dict[str, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    then = end_of(api) - 1
    before = household["tv"].get(past("tv", then)).json()
    looking = Looking(monkeypatch, "tv")
    with looking.still():
        looking.asked(household["tv"], past("tv", then - 1))
        assert household["tv"].get(past("tv", then)).json() == before


def test_it_ends_when_the_client_has_gone(
    api: Api, household: dict[str, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    then, said_again = end_of(api) - 1, Event()

    def endless(*asked: Any) -> Iterator[Recorded]:
        recorded = next(read_activity(*asked))
        while True:
            said_again.set()
            sleep(0.001)
            yield recorded

    with monkeypatch.context() as patched:
        patched.setattr(as_of, "REPLAY_PAGE", 1)
        patched.setattr(as_of, "read_activity", endless)
        with pytest.raises(httpx.ReadTimeout):
            household["tv"].get(past("tv", then), timeout=0.5)
        assert said_again.is_set()
    until = monotonic() + PATIENCE_SECONDS
    while (answer := household["tv"].get(past("tv", then))).status_code == 503:
        assert monotonic() < until, "it goes on though nobody waits"
        sleep(0.02)
    assert answer.status_code == 200
