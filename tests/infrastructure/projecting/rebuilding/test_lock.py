"""One rebuild at a time, and a lock that nobody has to clear away."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from infrastructure.database.engine import make_engine
from infrastructure.projecting.rebuilding.lock import RebuildRunning, is_locked, rebuild_lock
from infrastructure.projecting.rebuilding.rebuild import Plan, projection_names, rebuild
from tests.helpers.stage import Stage
from tests.helpers.wholeness import everything
from tests.reference.examples import E1, TV, put
from tests.reference.steps import Watch

HOLDER = """
import sys
from infrastructure.database.engine import make_engine
from infrastructure.projecting.rebuilding.lock import rebuild_lock
with rebuild_lock(make_engine(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def a_rebuild(engine: Engine) -> int:
    return rebuild(engine, Plan(projection_names([]), Stage(engine).policy, synchronous="OFF"))


def test_a_second_rebuild_says_that_one_is_running(engine: Engine, database_url: str) -> None:
    other = make_engine(database_url)
    with rebuild_lock(engine):
        assert is_locked(other)
        with pytest.raises(RebuildRunning, match="Another rebuild is running"):
            a_rebuild(other)
    other.dispose()


def test_a_rebuild_may_follow_at_once(engine: Engine) -> None:
    for _ in range(5):
        assert a_rebuild(engine) == 0
    assert not is_locked(engine)


def test_a_claim_ends_with_an_error_too(engine: Engine) -> None:
    with pytest.raises(KeyboardInterrupt), rebuild_lock(engine):
        raise KeyboardInterrupt
    assert not is_locked(engine)


def test_a_rebuild_that_is_refused_touches_nothing_of_the_one_that_runs(engine: Engine) -> None:
    stage = Stage(engine)
    stage.tell(*put(E1), Watch(TV, E1))
    before = everything(engine)
    refused: list[str] = []

    def again(_: int) -> None:
        with pytest.raises(RebuildRunning) as caught:
            a_rebuild(engine)
        refused.append(str(caught.value))

    rebuild(engine, Plan(projection_names([]), stage.policy), on_events=again)
    assert len(refused) == 1
    assert everything(engine) == before


def test_a_claim_ends_with_its_process(engine: Engine, database_url: str) -> None:
    with subprocess.Popen(  # noqa: S603  # our own
        [sys.executable, "-c", HOLDER, database_url],
        cwd=Path(__file__).parents[4],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(RebuildRunning), rebuild_lock(engine):
            pass
        holder.kill()
    until_free(engine)
    assert a_rebuild(engine) == 0


def until_free(engine: Engine) -> None:
    """The server notices a moment later that a client is gone."""
    while is_locked(engine):
        pass
