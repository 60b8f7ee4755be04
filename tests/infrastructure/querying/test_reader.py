"""A snapshot is one state of everything, while the ledger and its read models go on."""

from contextlib import suppress
from threading import Event, Thread

import pytest
from sqlalchemy import Engine

from domain.events import IsolationMode
from infrastructure.database.problems import SchemaTooOld
from infrastructure.querying.reader import Reader, Snapshot
from infrastructure.querying.session import StaleRead
from projections.read_models import METADATA
from tests.helpers.answers import check_answers, check_viewer
from tests.helpers.stage import Stage
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


def test_what_was_asked_before_is_answered_anew_while_anybody_says_anything(stage: Stage) -> None:
    """Each is asked by a reader that keeps what it loaded, and as often as it is overtaken."""
    for submission in submissions(life(7, 60)):
        stage.submit(submission)
        stage.catch_up()
        reference = Reference(stage.log)
        for cduid in reference.users:
            for _ in range(2):
                _check_viewer_alone(stage.reader, cduid, reference)


def _check_viewer_alone(reader: Reader, cduid: str, reference: Reference) -> None:
    try:
        with reader.snapshot(of=cduid) as snapshot:
            assert snapshot.position == len(reference.log)
            check_viewer(snapshot.viewer(cduid), reference)
    except StaleRead:
        _check_viewer_alone(reader, cduid, reference)


@pytest.fixture
def asked_before(stage: Stage) -> Stage:
    """E1 of the television's viewer was asked about, and nothing else."""
    stage.tell(*put(E1, E2, E3), Watch(TV, E1), Watch(BOB, E2))
    with stage.reader.snapshot(of=TV) as snapshot:
        assert snapshot.viewer(TV).answer(E1)
    return stage


def test_what_was_loaded_before_needs_no_transaction(asked_before: Stage) -> None:
    with asked_before.reader.snapshot(of=TV) as snapshot:
        METADATA.drop_all(asked_before.engine)
        answer = snapshot.viewer(TV).answer(E1)
        assert answer is not None
        assert answer.watched


def test_who_is_overtaken_is_told_so(asked_before: Stage) -> None:
    with asked_before.reader.snapshot(of=TV) as snapshot:
        asked_before.tell(Watch(TV, E3))
        for _ in range(2):
            with pytest.raises(StaleRead):
                snapshot.viewer(TV).answer(E3)
    with asked_before.reader.snapshot(of=TV) as snapshot:
        answer = snapshot.viewer(TV).answer(E3)
        assert answer is not None
        assert answer.watched


def test_a_change_of_the_settings_overtakes_everybody(asked_before: Stage) -> None:
    with asked_before.reader.snapshot(of=TV) as snapshot:
        asked_before.tell(Hide(E2))
        with pytest.raises(StaleRead):
            snapshot.viewer(TV).answer(E3)


def test_nobody_is_overtaken_by_what_others_say(asked_before: Stage) -> None:
    position = len(asked_before.log)
    with asked_before.reader.snapshot(of=TV) as snapshot:
        asked_before.tell(Watch(BOB, E3))
        assert snapshot.position == position
        check_viewer(snapshot.viewer(TV), Reference(asked_before.log[:position]))
        assert snapshot.position == position


def test_many_readers_at_once_see_nothing_half_done(stage: Stage) -> None:
    """Each answer is held against the reference as of the position that it names."""
    stage.submit(*submissions(life(6, 80)))
    log, over = stage.log, Event()
    problems: list[BaseException] = []

    def then(snapshot: Snapshot) -> Reference:
        return Reference(log[: snapshot.position], moment_us=stage.now_us)

    def read_alone(cduid: str) -> None:
        with suppress(StaleRead), stage.reader.snapshot(of=cduid) as snapshot:
            check_viewer(
                snapshot.viewer(cduid), Reference(log[: snapshot.position], moment_us=stage.now_us)
            )

    def read() -> None:
        try:
            while not over.is_set():
                with stage.reader.snapshot() as snapshot:
                    check_answers(
                        snapshot, Reference(log[: snapshot.position], moment_us=stage.now_us)
                    )
                    cduids = list(snapshot.directory.device_users)
                for cduid in cduids:
                    read_alone(cduid)
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
