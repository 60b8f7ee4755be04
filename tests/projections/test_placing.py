"""What the catalog does touches no viewer's rows, however many viewers there are (rule 18)."""

from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import Engine

from domain.events import DeviceUserRegistered, ItemWatched, device_user_stream
from infrastructure.database.engine import read_transaction
from projections.watched import Watched, WatchedWatermark
from tests.helpers.stage import Stage
from tests.helpers.tables import Row, rows
from tests.helpers.writing import writes_heard
from tests.reference.examples import E1, E2, E3, SHELF, SHOW, put
from tests.reference.steps import Hide, Put, Restore, Step
from tests.reference.world import BEGIN_US, Entry, Submission

VIEWERS = 1_000


@pytest.fixture
def watched_show(engine: Engine) -> Stage:
    """Everybody has watched all there is of a show."""
    stage = Stage(engine)
    stage.tell(*put(E1, E2))
    stage.submit(Submission(BEGIN_US + 10**9, tuple(_everybodys_events())))
    stage.catch_up()
    return stage


def _everybodys_events() -> Iterator[Entry]:
    for number in range(VIEWERS):
        stream, user = device_user_stream(f"tv-{number}"), f"user-{number}"
        yield Entry(stream, DeviceUserRegistered(user=user, device=f"tv-{number}"), None, user)
        yield Entry(stream, ItemWatched(item=SHOW), None, user)


def rolled_up(stage: Stage) -> tuple[list[Row], list[Row]]:
    with read_transaction(stage.engine) as connection:
        return sorted(rows(connection, Watched)), sorted(rows(connection, WatchedWatermark))


def projecting(stage: Stage, *steps: Step) -> set[str]:
    """What is written to project these steps, the bookmark left out."""
    names: set[str] = set()
    stage.submit(*map(stage.world.submit, steps))
    with writes_heard(lambda name, _: names.add(name)):
        stage.catch_up()
    return names


def test_a_new_episode_writes_no_row_of_anybodys(watched_show: Stage) -> None:
    before = rolled_up(watched_show)
    assert len(before[0]) == VIEWERS
    assert projecting(watched_show, Put(E3)) == {"item"}
    assert rolled_up(watched_show) == before


def test_hiding_and_restoring_write_no_row_of_anybodys(watched_show: Stage) -> None:
    before = rolled_up(watched_show)
    steps: Sequence[Step] = (Hide(SHELF), Hide(E1), Restore(SHELF), Restore(E1))
    assert projecting(watched_show, *steps) == {"item"}
    assert rolled_up(watched_show) == before


def test_a_new_season_and_show_write_no_row_of_anybodys(watched_show: Stage) -> None:
    before = rolled_up(watched_show)
    new = put("season:ex2", "episode:ex2e1", "show:dark", "episode:da1e1")
    assert projecting(watched_show, *new) == {"item"}
    assert rolled_up(watched_show) == before
