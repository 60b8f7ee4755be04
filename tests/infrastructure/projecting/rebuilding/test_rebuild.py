"""A rebuild gives what live projection has, whatever goes on meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Event, Thread
from time import sleep

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from domain.policy import Policy
from infrastructure.database.engine import read_transaction, write_transaction
from infrastructure.ledger.mapper import UnreadableEvent
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.rebuilding.rebuild import Plan, projection_names, rebuild
from infrastructure.querying.reader import Reader
from projections.bookmark import RebuildDue, read_bookmark
from projections.read_models import METADATA, PROJECTIONS
from tests.helpers.answers import check_answers
from tests.helpers.stage import (
    ON_A_DATABASE,
    PAGE_SIZES,
    Stage,
    emptied,
    forgotten,
    project_all,
)
from tests.helpers.wholeness import everything, faults, leftovers
from tests.reference.lives import life, lives
from tests.reference.model import Reference
from tests.reference.steps import Step
from tests.reference.world import Submission, submissions

NAMES = sorted(projection.name for projection in PROJECTIONS)
A_FEW = settings(ON_A_DATABASE, max_examples=10)  # a rebuild makes every table anew
page_sizes = st.sampled_from(PAGE_SIZES)


def plan(*names: str, policy: Policy | None = None, jobs: int = 1) -> Plan:
    return Plan(projection_names(names), policy or Policy(), jobs, synchronous="OFF")


def a_life(seed: int = 1, size: int = 60) -> list[Submission]:
    return submissions(life(seed, size))


def lived(engine: Engine, seed: int = 1, size: int = 60) -> Stage:
    stage = Stage(engine, page_size=7)
    stage.submit(*a_life(seed, size))
    stage.catch_up()
    return stage


def check_is_whole(stage: Stage) -> None:
    assert faults(stage.engine) == []
    assert leftovers(stage.engine) == []
    with stage.reader.snapshot() as snapshot:
        check_answers(snapshot, Reference(stage.log))


@A_FEW
@given(lives(30), page_sizes)
def test_a_rebuild_yields_the_rows_that_live_projection_had(
    engine: Engine, steps: list[Step], page_size: int
) -> None:
    stage = Stage(emptied(engine), page_size)
    stage.tell(*steps)
    before = everything(engine)
    assert rebuild(engine, plan()) == len(stage.log)
    assert everything(engine) == before


@A_FEW
@given(lives(30), page_sizes, st.lists(st.sampled_from(NAMES), min_size=1, max_size=3))
def test_some_are_rebuilt_and_the_others_left_as_they_are(
    engine: Engine, steps: list[Step], page_size: int, names: list[str]
) -> None:
    stage = Stage(emptied(engine), page_size)
    stage.tell(*steps)
    before = everything(engine)
    rebuild(engine, plan(*names))
    assert everything(engine) == before


def test_what_was_never_projected_is_rebuilt(engine: Engine) -> None:
    stage = Stage(engine)
    stage.submit(*a_life())
    assert rebuild(engine, plan()) == len(stage.log)
    check_is_whole(stage)


def test_an_empty_ledger_can_be_rebuilt(engine: Engine) -> None:
    assert rebuild(engine, plan()) == rebuild(engine, plan("watched")) == 0
    check_is_whole(Stage(engine))


def test_tables_that_were_spoilt_come_back(engine: Engine) -> None:
    stage = lived(engine)
    before = everything(engine)
    with write_transaction(engine) as connection:
        for table in METADATA.sorted_tables:
            if table.name != "bookmark":
                connection.execute(table.delete())
    rebuild(engine, plan())
    assert everything(engine) == before
    check_is_whole(stage)


def test_the_projector_goes_on_after_a_rebuild(engine: Engine) -> None:
    stage = Stage(engine, page_size=5)
    for number, submission in enumerate(a_life(seed=2)):
        stage.submit(submission)
        stage.page()
        if number % 10 == 0:
            rebuild(engine, plan())
    stage.catch_up()
    check_is_whole(stage)


def test_a_rebuild_in_two_processes_is_the_same(engine: Engine) -> None:
    stage = lived(engine, seed=4)
    before = everything(engine)
    told: list[int] = []
    rebuild(engine, plan(jobs=2), on_events=told.append)
    assert everything(engine) == before
    assert sum(told) == len(stage.log)
    check_is_whole(stage)


def test_it_tells_how_much_there_is_and_how_far_it_is(engine: Engine) -> None:
    stage = lived(engine)
    totals: list[int] = []
    told: list[int] = []
    rebuild(engine, plan(), totals.append, told.append)
    assert totals == [sum(told)] == [len(stage.log)]


def test_other_thresholds_are_taken_over_by_a_rebuild_of_all(engine: Engine) -> None:
    stage = lived(engine, seed=3)
    other = Policy(low=0.2, high=0.97)
    before = everything(engine)
    rebuild(engine, plan(policy=other))
    assert everything(engine) != before
    with pytest.raises(RebuildDue):
        stage.new_projector().catch_up()
    project_all(engine, other)
    check_thresholds(stage, other)


def check_thresholds(stage: Stage, policy: Policy) -> None:
    assert faults(stage.engine) == []
    with stage.reader.snapshot() as snapshot:
        assert snapshot.policy == policy
        check_answers(snapshot, Reference(stage.log, policy.low, policy.high))


def test_other_thresholds_are_not_taken_over_by_a_part(engine: Engine) -> None:
    stage = lived(engine)
    before = everything(engine)
    with pytest.raises(RebuildDue):
        rebuild(engine, plan("watched", policy=Policy(high=0.8)))
    assert everything(engine) == before
    check_is_whole(stage)


def test_what_an_interrupted_rebuild_left_is_cleared_away_by_the_next(engine: Engine) -> None:
    stage = lived(engine)
    with write_transaction(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE watched__g7 (x INTEGER)")
        connection.exec_driver_sql("CREATE TABLE watched_by_others (x INTEGER)")
    rebuild(engine, plan())
    check_is_whole(stage)
    with read_transaction(engine) as connection:
        connection.exec_driver_sql("SELECT x FROM watched_by_others")


class Interrupted(BaseException):
    """As Ctrl-C is: no Exception."""


@pytest.mark.parametrize("page", range(2))
def test_an_interruption_leaves_everything_as_it_was(
    engine: Engine, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infrastructure.projecting.rebuilding.user_range.REPLAY_PAGE", 30)
    stage = lived(engine)
    before = everything(engine)
    told: list[int] = []

    def interrupt(events: int) -> None:
        told.append(events)
        if len(told) > page:
            raise Interrupted

    with pytest.raises(Interrupted):
        rebuild(engine, plan(), on_events=interrupt)
    assert everything(engine) == before
    check_is_whole(stage)


def test_an_event_that_cannot_be_read_stops_it_and_changes_nothing(engine: Engine) -> None:
    stage = lived(engine)
    before = everything(engine)
    with write_transaction(engine) as connection:
        connection.exec_driver_sql(
            "UPDATE ledger_event SET topic = 'nonsense.v1' WHERE position = 20"
        )
    with pytest.raises(UnreadableEvent, match="position 20 "):
        rebuild(engine, plan())
    assert everything(engine) == before
    assert leftovers(stage.engine) == []


# While the service goes on.


@contextmanager
def going_on(stage: Stage, later: Sequence[Submission], pause_seconds: float) -> Iterator[None]:
    """Events arrive and a projector runs for as long as the block lasts, and until all is said."""
    projector = Projector(stage.engine, stage.policy, page_size=7)

    def submit() -> None:
        for submission in later:
            stage.submit(submission)
            projector.wake()
            sleep(pause_seconds)

    with ThreadPoolExecutor(2) as threads:
        said, projected = threads.submit(submit), threads.submit(projector.run, 0.005)
        try:
            yield
            said.result()
        finally:
            projector.stop()
            projected.result()


@pytest.mark.parametrize("names", [(), ("watched", "stats")], ids=["all", "some"])
def test_events_that_arrive_meanwhile_are_in_it(engine: Engine, names: tuple[str, ...]) -> None:
    stage = Stage(engine, page_size=7)
    lived_through = a_life(seed=5, size=150)
    stage.submit(*lived_through[:40])
    with going_on(stage, lived_through[40:], pause_seconds=0.004):
        for _ in range(4):
            rebuild(engine, plan(*names))
    stage.catch_up()
    check_is_whole(stage)
    with read_transaction(engine) as connection:
        place = read_bookmark(connection)
        assert place is not None
        assert place.generation == 4


@contextmanager
def repeating(*actions: Callable[[], None]) -> Iterator[None]:
    """Each action over and over in a thread of its own; raises what one of them raised."""
    ended = Event()

    def repeat(action: Callable[[], None]) -> None:
        while not ended.is_set():
            action()

    with ThreadPoolExecutor(len(actions)) as threads:
        running = [threads.submit(repeat, action) for action in actions]
        try:
            yield
        finally:
            ended.set()
        for each in running:
            each.result()


def test_readers_see_one_state_while_rebuilds_are_swapped_in(engine: Engine) -> None:
    stage = lived(engine, seed=6)
    reference = Reference(stage.log)
    read: list[int] = []

    def look() -> None:
        with stage.reader.snapshot() as snapshot:
            check_answers(snapshot, reference)
            read.append(snapshot.position)

    with repeating(look, look):
        for _ in range(5):
            rebuild(engine, plan())
    assert len(read) > 2


def test_readers_see_one_state_while_events_arrive_and_rebuilds_are_swapped_in(
    engine: Engine,
) -> None:
    stage = Stage(engine, page_size=7)
    lived_through = a_life(seed=7, size=120)
    stage.submit(*lived_through[:40])
    stage.catch_up()
    references: dict[int, Reference] = {}
    end_us = lived_through[-1].now_us
    reader = Reader(engine, clock_us=lambda: end_us)

    def look() -> None:
        with reader.snapshot() as snapshot:
            at = snapshot.position
            reference = references.setdefault(at, Reference(stage.log[:at], moment_us=end_us))
            check_answers(snapshot, reference)

    with repeating(look), going_on(stage, lived_through[40:], pause_seconds=0.01):
        for _ in range(4):
            rebuild(engine, plan())
    stage.catch_up()
    check_is_whole(stage)


def test_a_rebuild_waits_for_a_long_reader_and_lets_others_read_meanwhile(engine: Engine) -> None:
    stage = lived(engine)
    reference = Reference(stage.log)
    with stage.reader.snapshot() as snapshot:
        rebuilding = Thread(target=rebuild, args=[engine, plan()])
        rebuilding.start()
        for _ in range(3):
            with stage.reader.snapshot() as another:
                assert another.position == snapshot.position
            sleep(0.4)
        check_answers(snapshot, reference)
    rebuilding.join()
    check_is_whole(stage)


def test_verify_finds_nothing_while_rebuilds_are_swapped_in(engine: Engine) -> None:
    stage = lived(engine, seed=8)

    def look() -> None:
        assert faults(engine) == []

    with repeating(look, look):
        for _ in range(4):
            rebuild(engine, plan())
    check_is_whole(stage)


@pytest.mark.long
@pytest.mark.parametrize("block", range(4))
def test_a_rebuild_is_live_projection_for_hundreds_of_lives(engine: Engine, block: int) -> None:
    for seed in range(block * 40, (block + 1) * 40):
        chance = Random(seed)  # noqa: S311  # repeatable, not secret
        stage = Stage(emptied(engine), chance.choice(PAGE_SIZES))
        lived_through = a_life(seed, 5 + seed % 70)
        cut = chance.randrange(len(lived_through) + 1)
        stage.submit(*lived_through[:cut])
        stage.catch_up()
        with going_on(stage, lived_through[cut:], pause_seconds=0.0):
            rebuild(engine, plan(*chance.sample(NAMES, chance.choice((0, 0, 2)))))
        stage.catch_up()
        live = everything(engine)
        assert faults(engine) == [], seed
        Stage(forgotten(engine), chance.choice(PAGE_SIZES)).catch_up()
        assert everything(engine) == live, seed
