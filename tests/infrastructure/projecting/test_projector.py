"""The projector follows the ledger, whatever stops it and whoever else is at it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from random import Random
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event

from domain.policy import Policy
from infrastructure.database.engine import read_transaction, sqlite_path, write_transaction
from infrastructure.database.problems import DatabaseProblem, DatabaseUnreachable
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.mapper import UnreadableEvent
from infrastructure.projecting.page_processor import PageProcessor
from infrastructure.projecting.projector import Projector
from projections.bookmark import RebuildDue, read_bookmark
from projections.read_models import ReadModels
from tests.helpers.answers import check_answers
from tests.helpers.stage import Stage, project_all
from tests.helpers.tables import Dump, dump, folded
from tests.helpers.writing import writes_heard
from tests.reference.examples import E1, E2, TV, put
from tests.reference.lives import life
from tests.reference.model import Reference
from tests.reference.steps import Watch
from tests.reference.world import Submission, submissions

PATIENCE_SECONDS = 20.0
POLICY = Policy()


@pytest.fixture
def stage(engine: Engine) -> Stage:
    return Stage(engine, page_size=7)


def a_life(seed: int = 1, size: int = 60) -> list[Submission]:
    return submissions(life(seed, size))


def state(engine: Engine) -> tuple[int, Dump]:
    with read_transaction(engine) as connection:
        place = read_bookmark(connection)
        return place.position if place else 0, dump(connection)


def check_is_complete(stage: Stage) -> None:
    assert state(stage.engine) == (len(stage.log), folded(stage.log))
    with stage.reader.snapshot() as snapshot:
        check_answers(snapshot, Reference(stage.log))


@contextmanager
def running(projector: Projector, poll_seconds: float = 0.01) -> Iterator[Thread]:
    """A projector in a thread, stopped at the end."""
    thread = Thread(target=projector.run, args=[poll_seconds])
    thread.start()
    try:
        yield thread
    finally:
        projector.stop()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE_SECONDS
    while not condition():
        assert monotonic() < deadline, "it took too long"
        sleep(0.01)


def test_it_catches_up_after_a_stop_at_any_page(stage: Stage) -> None:
    stage.submit(*a_life())
    while stage.page():
        stage.projector = stage.new_projector()
    check_is_complete(stage)


def test_it_does_not_write_where_there_is_nothing_new(stage: Stage) -> None:
    stage.submit(*a_life())
    stage.catch_up()
    assert not stage.page()


def test_it_tells_of_every_page_that_it_reached(stage: Stage) -> None:
    reached: list[int] = []
    stage.submit(*a_life())
    Projector(stage.engine, POLICY, page_size=50, on_page=reached.append).catch_up()
    end = len(stage.log)
    assert reached == [*range(50, end, 50), end]


@contextmanager
def failing_at(engine: Engine, number: int) -> Iterator[None]:
    """Lets the writing statement of that number, from 0, fail."""
    numbers = count()

    def fail(*_: Any) -> None:
        if next(numbers) == number:
            raise RuntimeError("the power went out")

    def fail_at_bookmark(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("UPDATE bookmark"):
            fail()

    event.listen(engine, "before_cursor_execute", fail_at_bookmark)
    try:
        with writes_heard(fail):
            yield
    finally:
        event.remove(engine, "before_cursor_execute", fail_at_bookmark)


def test_a_crash_at_any_statement_of_a_page_leaves_nothing_half_done(stage: Stage) -> None:
    stage.page_size = 40
    stage.submit(*a_life())
    stage.projector = stage.new_projector()
    assert stage.page()
    before = state(stage.engine)
    for number in count():
        try:
            with failing_at(stage.engine, number):
                stage.page()
        except RuntimeError:
            assert state(stage.engine) == before
        else:
            break
    assert number > len(before[1])
    stage.catch_up()
    check_is_complete(stage)


def test_a_page_that_was_read_to_a_bad_end_is_folded_anew(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = count()

    @contextmanager
    def ending_badly(engine: Engine) -> Iterator[Connection]:
        with read_transaction(engine) as connection:
            yield connection
        if next(ends) % 2 == 0:
            raise DatabaseUnreachable("the server went away")

    stage.submit(*a_life())
    stage.page()
    monkeypatch.setattr("infrastructure.projecting.projector.read_transaction", ending_badly)
    worker = Projector(stage.engine, POLICY, page_size=20)
    failures = 0
    while True:
        try:
            worker.catch_up()
        except DatabaseUnreachable:
            failures += 1
        else:
            break
    assert failures > 1
    check_is_complete(stage)


def test_a_worker_that_lost_the_race_drops_its_work(stage: Stage) -> None:
    stage.submit(*a_life())
    stage.page()
    slow = PageProcessor(ReadModels(), POLICY, CurrentDirectory(stage.engine), page_size=30)
    with read_transaction(stage.engine) as connection:
        place = read_bookmark(connection)
        assert place is not None
        late = slow.fold_page(connection, place)
    stage.page()
    before = state(stage.engine)
    assert late is not None
    with write_transaction(stage.engine) as connection:
        assert not slow.write_page(connection, late)
    assert state(stage.engine) == before


def test_a_worker_that_lost_the_race_goes_on_from_where_the_winner_is(stage: Stage) -> None:
    ours, theirs = stage.new_projector(), stage.new_projector()
    for submission in a_life():
        stage.submit(submission)
        stage.projector = ours
        stage.page()
        stage.projector = theirs
        stage.page()
    ours.catch_up()
    check_is_complete(stage)


@pytest.mark.parametrize("takeover_seconds", [0.0, 0.2])
def test_several_at_once_write_every_page_once(stage: Stage, takeover_seconds: float) -> None:
    reached: list[int] = []
    with ExitStack() as stack:
        for page_size in (1, 5, 9):
            projector = Projector(
                stage.engine,
                POLICY,
                page_size=page_size,
                takeover_seconds=takeover_seconds,
                on_page=reached.append,
            )
            stack.enter_context(running(projector))
        stage.submit(*a_life(seed=2))
        wait_until(lambda: len(stage.log) in reached)
    assert len(reached) == len(set(reached))
    check_is_complete(stage)


def test_several_processes_at_once_write_every_page_once(stage: Stage) -> None:
    url = stage.engine.url.render_as_string(hide_password=False)
    processes = [a_process(url, page_size) for page_size in (1, 2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"0\n"
    stage.submit(*a_life(seed=3, size=150))
    wait_until(lambda: state(stage.engine)[0] == len(stage.log))
    reached = [int(line) for each in processes for line in each.communicate()[0].split()]
    assert [each.returncode for each in processes] == [0, 0]
    assert len(reached) == len(set(reached))
    assert max(reached) == len(stage.log)
    check_is_complete(stage)


def a_process(url: str, page_size: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  # our own
        [sys.executable, "-m", "tests.infrastructure.projector_process", url, str(page_size)],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_an_event_that_cannot_be_read_stops_it_loudly_and_is_named(stage: Stage) -> None:
    stage.submit(*a_life())
    stage.page()
    spoil(stage.engine, position=20)
    with pytest.raises(UnreadableEvent, match=r"position 20 \(.+, version \d+\)"):
        stage.catch_up()
    position, _ = before = state(stage.engine)
    assert position == 14
    with pytest.raises(UnreadableEvent):
        stage.new_projector().catch_up()
    assert state(stage.engine) == before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_stopped_it_can_be_asked(stage: Stage) -> None:
    stage.submit(*a_life())
    spoil(stage.engine, position=3)
    with running(stage.projector) as thread:
        thread.join(PATIENCE_SECONDS)
        assert isinstance(stage.projector.problem, UnreadableEvent)


def spoil(engine: Engine, position: int) -> None:
    with write_transaction(engine) as connection:
        connection.exec_driver_sql(
            f"UPDATE ledger_event SET topic = 'nonsense.v1' WHERE position = {position}"  # noqa: S608
        )


def test_other_thresholds_than_the_read_models_were_made_under_want_a_rebuild(
    stage: Stage,
) -> None:
    stage.submit(*a_life())
    stage.page()
    before = state(stage.engine)
    with pytest.raises(RebuildDue, match=r"0\.05, 0\.9, .* 0\.05, 0\.8,.* rebuild"):
        project_all(stage.engine, Policy(high=0.8))
    assert state(stage.engine) == before


def test_thresholds_may_change_until_the_first_event(stage: Stage) -> None:
    stage.catch_up()
    policy = Policy(low=0.2, high=0.8)
    stage.submit(*a_life())
    project_all(stage.engine, policy)
    assert state(stage.engine)[1] == folded(stage.log, policy)
    with pytest.raises(RebuildDue):
        stage.catch_up()


def test_it_wakes_at_once_when_told_and_by_itself_after_a_while(stage: Stage) -> None:
    reached = Event()
    asleep = Projector(stage.engine, POLICY, page_size=1_000, on_page=lambda _: reached.set())
    with running(asleep, poll_seconds=600.0):
        stage.submit(*map(stage.world.submit, put(E1)))
        asleep.wake()
        assert reached.wait(PATIENCE_SECONDS)
    reached.clear()
    polling = Projector(stage.engine, POLICY, page_size=1_000, on_page=lambda _: reached.set())
    with running(polling):
        stage.submit(*map(stage.world.submit, put(E2)))
        assert reached.wait(PATIENCE_SECONDS)


def test_it_leaves_the_work_to_another_that_gets_on(stage: Stage) -> None:
    stage.submit(*a_life())
    stage.page()
    reached: list[int] = []
    other = Projector(
        stage.engine, POLICY, page_size=1_000, takeover_seconds=600.0, on_page=reached.append
    )
    with running(other):
        while stage.page():
            sleep(0.005)
    assert reached == []
    check_is_complete(stage)


def test_it_takes_over_from_another_that_does_not_move(stage: Stage) -> None:
    stage.submit(*a_life())
    stage.page()
    reached = Event()
    other = Projector(
        stage.engine,
        POLICY,
        page_size=1_000,
        takeover_seconds=0.1,
        on_page=lambda _: reached.set(),
    )
    with running(other):
        wait_until(lambda: state(stage.engine)[0] == len(stage.log))
    check_is_complete(stage)


def test_one_that_is_stopped_lets_others_take_over_at_once(stage: Stage) -> None:
    stage.submit(*a_life(size=10))
    with running(stage.projector):
        wait_until(lambda: state(stage.engine)[0] == len(stage.log))
    stage.submit(*map(stage.world.submit, [Watch(TV, E1)]))
    other = Projector(stage.engine, POLICY, page_size=1_000, takeover_seconds=600.0)
    with running(other):
        wait_until(lambda: state(stage.engine)[0] == len(stage.log))


@contextmanager
def away(engine: Engine) -> Iterator[None]:
    """The engine's database can't be reached."""
    path = sqlite_path(engine.url)
    engine.dispose()
    if path is not None:
        elsewhere = path.rename(path.with_suffix(".away"))
        yield
        engine.dispose()
        elsewhere.rename(path)
        return
    server = create_engine(engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    name = engine.url.database
    with server.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        connection.exec_driver_sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
        )
        yield
        connection.exec_driver_sql(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    server.dispose()


def test_it_waits_for_a_database_that_is_away(stage: Stage) -> None:
    stage.submit(*a_life())
    stage.page()
    projector = Projector(stage.engine, POLICY, page_size=3)
    with away(stage.engine):
        thread = Thread(target=projector.run, args=[0.01])
        thread.start()
        wait_until(lambda: isinstance(projector.problem, DatabaseProblem))
    wait_until(lambda: state(stage.engine)[0] == len(stage.log))
    assert projector.problem is None
    projector.stop()
    thread.join(PATIENCE_SECONDS)
    check_is_complete(stage)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_processes_killed_at_any_moment_do_no_harm(stage: Stage, seed: int) -> None:
    chance = Random(seed)  # noqa: S311  # repeatable, not secret
    url = stage.engine.url.render_as_string(hide_password=False)
    processes: list[subprocess.Popen[bytes]] = []
    for n in range(6):
        stage.submit(*a_life(seed, 300)[50 * n : 50 * (n + 1)])
        processes += [a_process(url, chance.choice((1, 3, 40))) for _ in range(2)]
        sleep(1.0 + chance.random())
        for process in processes[-2:]:
            process.kill()
    for process in processes:
        process.communicate()
    stage.catch_up()
    check_is_complete(stage)
