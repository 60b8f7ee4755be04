"""A snapshot is one state of everything, while the ledger and its read models go on."""

from threading import Event, Thread

import pytest
from sqlalchemy import Engine

from domain.events import IsolationMode
from infrastructure.problems import SchemaTooOld
from infrastructure.reader import Reader
from projections.read_models import METADATA
from tests.projections.answers import check_answers
from tests.projections.stage import Stage
from tests.reference.examples import ALIEN, BOB, E1, E2, E3, SHOW, TV, put
from tests.reference.lives import life
from tests.reference.model import Reference
from tests.reference.steps import ChangeMode, Hide, Watch
from tests.reference.world import submissions

PATIENCE_SECONDS = 30.0


@pytest.fixture
def stage(engine: Engine) -> Stage:
    return Stage(engine, page_size=3)


def test_before_anything_happened_there_is_nothing(stage: Stage) -> None:
    assert stage.reader.position() == 0
    with stage.reader.snapshot() as snapshot:
        check_answers(snapshot, Reference([]))


def test_what_is_not_projected_yet_is_not_answered(stage: Stage) -> None:
    stage.tell(*put(E1), Watch(TV, E1))
    position = len(stage.log)
    stage.submit(*map(stage.world.submit, [*put(E2), Watch(BOB, E2), Hide(SHOW)]))
    assert stage.reader.position() == position
    with stage.reader.snapshot() as snapshot:
        check_answers(snapshot, Reference(stage.log[:position]))


def test_a_device_user_that_is_not_registered_has_no_answers(stage: Stage) -> None:
    stage.tell(*put(E1), Watch(TV, E1))
    with stage.reader.snapshot() as snapshot, pytest.raises(KeyError):
        snapshot.viewer(BOB)


def test_a_snapshot_stays_as_it_was_while_the_read_models_go_on(stage: Stage) -> None:
    stage.tell(*put(E1, E2), Watch(TV, E1))
    position = len(stage.log)
    with stage.reader.snapshot() as snapshot:
        assert snapshot.position == position
        stage.tell(*put(ALIEN, E3), Watch(TV, SHOW), ChangeMode(TV, IsolationMode.SILO))
        check_answers(snapshot, Reference(stage.log[:position]))
    with stage.reader.snapshot() as snapshot:
        check_answers(snapshot, Reference(stage.log))


def test_readers_that_come_late_or_stay_see_the_same(stage: Stage) -> None:
    staying = Reader(stage.engine)
    for submission in submissions(life(5, 40)):
        stage.submit(submission)
        stage.catch_up()
        if submission.entries:
            for reader in (staying, Reader(stage.engine)):
                with reader.snapshot() as snapshot:
                    check_answers(snapshot, Reference(stage.log))


def test_many_readers_at_once_see_nothing_half_done(stage: Stage) -> None:
    """Each answer is held against the reference as of the position that it names."""
    stage.submit(*submissions(life(6, 80)))
    log, over = stage.log, Event()
    problems: list[BaseException] = []

    def read() -> None:
        try:
            while not over.is_set():
                with stage.reader.snapshot() as snapshot:
                    check_answers(snapshot, Reference(log[: snapshot.position]))
        except BaseException as problem:  # noqa: BLE001  # raised in the test's own thread below
            problems.append(problem)

    threads = [Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    stage.catch_up()
    over.set()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert problems == []


def test_read_models_that_are_gone_are_said_to_be_missing(stage: Stage) -> None:
    stage.tell(*put(E1), Watch(TV, E1))
    METADATA.drop_all(stage.engine)
    with pytest.raises(SchemaTooOld, match="migrate"):
        stage.reader.position()
