"""The service is killed, stopped and run several times over while players append."""

import signal
from concurrent.futures import ThreadPoolExecutor
from random import Random
from time import monotonic, sleep
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from tests.crashes.players import Player, check_each_is_there_once, players, playing
from tests.crashes.services import Home, Service, is_projected, wait_until
from tests.helpers.wholeness import faults

pytestmark = pytest.mark.long

KILLS = 50


def test_a_killed_service_has_lost_nothing_that_it_answered(home: Home, engine: Engine) -> None:
    chance = Random(1)  # noqa: S311  # repeatable, not secret
    all_players = players(4)
    service = home.serve()
    service.settle(*(player.cduid for player in all_players))
    for _ in range(KILLS):
        with playing(service, all_players):
            sleep(chance.uniform(0.05, 1.0))
            service.kill()
        check_each_is_there_once(engine, all_players)
        service = home.serve()
        for player in all_players:
            player.resend(service)
    check_each_is_there_once(engine, all_players)
    wait_until(service.is_ready)
    assert service.stop() == 0
    assert faults(engine) == []


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_asked_to_end_finishes_what_it_took(
    home: Home, engine: Engine, ending: signal.Signals
) -> None:
    all_players = players(8)
    service = home.serve()
    service.settle(*(player.cduid for player in all_players))
    with playing(service, all_players):
        sleep(1.0)
        asked_at = monotonic()
        service.process.send_signal(ending)
        assert service.process.wait(15) == 0
        assert monotonic() - asked_at < 10
    check_each_is_there_once(engine, all_players)
    service = home.serve()
    for player in all_players:
        player.resend(service)
    check_each_is_there_once(engine, all_players)
    wait_until(service.is_ready)
    assert faults(engine) == []


@pytest.mark.parametrize("backend", ["postgresql"])
def test_several_services_and_projectors_share_a_database(home: Home, engine: Engine) -> None:
    services = [home.serve("--no-projector"), home.serve("--no-projector"), home.serve()]
    projectors = [home.start("project", "--page-size", size) for size in ("50", "200")]
    all_players = players(6)
    services[0].settle(*(player.cduid for player in all_players))
    thirds = [all_players[number::3] for number in range(3)]
    with (
        playing(services[0], thirds[0]),
        playing(services[1], thirds[1]),
        playing(services[2], thirds[2]),
    ):
        sleep(2.0)
        own = check_reads_its_own_writes(services[0], services[1])
        projectors[0].kill()
        sleep(1.0)
    assert not any(player.unanswered for player in all_players)
    check_each_is_there_once(engine, [own, *all_players])
    wait_until(lambda: is_projected(engine))
    assert [service.stop() for service in services] == [0, 0, 0]
    assert faults(engine) == []


def check_reads_its_own_writes(writing: Service, reading: Service) -> Player:
    own = Player("ada-own", seed=0)
    writing.settle(own.cduid)
    event = {"id": str(uuid4()), "type": "watch", "item": "movie:3", "cduid": own.cduid}
    with writing.client() as client:
        assert own.post(client, [event])
    with reading.client() as client:
        asked: dict[str, int | str] = {"after": own.position, "wait_seconds": 30, "type": "watch"}
        answer = client.get(f"/v1/device-users/{own.cduid}/history", params=asked)
    assert [each["id"] for each in answer.json()["events"]] == [event["id"]]
    return own


def test_one_submission_from_many_connections_at_once_is_recorded_once(
    home: Home, engine: Engine
) -> None:
    services = [home.serve(), home.serve("--no-projector")]
    services[0].settle("ada-0")
    [player] = players(1)
    event = {"id": str(uuid4()), "type": "watch", "item": "movie:1", "cduid": "ada-0"}

    def post(number: int) -> str:
        with services[number % 2].client() as client:
            answer = client.post("/v1/events", json={"events": [event]})
            return str(answer.json()["results"][0]["status"])

    with ThreadPoolExecutor(24) as threads:
        statuses = list(threads.map(post, range(96)))
    assert sorted(statuses) == ["duplicate"] * 95 + ["recorded"]
    player.sent = {event["id"]: "recorded"}
    check_each_is_there_once(engine, [player])
    wait_until(services[0].is_ready)
    assert faults(engine) == []
