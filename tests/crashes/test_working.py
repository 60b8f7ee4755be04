"""Rebuilds and projectors are killed and frozen in the middle of their work."""

import signal
from random import Random
from time import monotonic, sleep

import pytest
from sqlalchemy import Engine

from infrastructure.projecting.rebuilding.lock import is_locked
from tests.crashes.filled import filled, more
from tests.crashes.services import Home, home_at, is_projected, wait_until
from tests.helpers.stage import project_all
from tests.helpers.wholeness import everything, faults, leftovers

pytestmark = pytest.mark.long

EVENTS = 4_000
KILLS = 4


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_killed_rebuild_leaves_everything_as_it_was(
    home: Home, engine: Engine, jobs: str
) -> None:
    chance = Random(2)  # noqa: S311  # repeatable, not secret
    filled(engine, EVENTS)
    project_all(engine)
    before = everything(engine)
    process = home.start("rebuild", "--jobs", jobs)
    wait_until(lambda: is_locked(engine))
    claimed_at = monotonic()
    assert process.wait() == 0
    claimed_seconds = monotonic() - claimed_at
    left = 0
    for number in range(KILLS):
        process = home.start("rebuild", "--jobs", jobs)
        wait_until(lambda: is_locked(engine))
        sleep((number + chance.random()) / KILLS * claimed_seconds)
        process.kill()
        process.wait()
        wait_until(lambda: not is_locked(engine))
        left += bool(leftovers(engine))
        assert everything(engine) == before
    assert left
    assert home.run("rebuild", "--jobs", jobs).returncode == 0
    assert leftovers(engine) == []
    assert everything(engine) == before
    assert faults(engine) == []


def test_a_projector_that_is_killed_mid_page_is_followed_by_another(
    home: Home, engine: Engine
) -> None:
    chance = Random(3)  # noqa: S311  # repeatable, not secret
    filled(engine, EVENTS)
    for _ in range(KILLS):
        process = home.start("project", "--page-size", "200")
        sleep(chance.uniform(0.8, 2.0))
        process.kill()
        process.wait()
        assert faults(engine) == []
    process = home.start("project", "--page-size", "200")
    wait_until(lambda: is_projected(engine))
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert faults(engine) == []


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_frozen_projector_loses_its_claim_and_does_no_harm_when_it_wakes(
    home: Home, engine: Engine
) -> None:
    chance = Random(4)  # noqa: S311  # repeatable, not secret
    # The server waits a minute for a frozen session that has written something; here a second.
    impatient = f"{home.database_url}&options=-c%20idle_in_transaction_session_timeout%3D1000"
    (home.directory / "frozen").mkdir()
    with home_at(impatient, home.directory / "frozen") as others:
        workers = [others.start("project", "--page-size", "3") for _ in range(2)]
        for number in range(KILLS):
            frozen = workers[number % 2]
            more(engine, 2 * number)
            sleep(chance.uniform(0, 0.5))
            frozen.send_signal(signal.SIGSTOP)
            more(engine, 2 * number + 1)
            wait_until(lambda: is_projected(engine))
            frozen.send_signal(signal.SIGCONT)
            assert faults(engine) == []
            assert [each.poll() for each in workers] == [None, None]
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(15) == 0
    assert faults(engine) == []
