"""Looking back again, or further: what was folded before is gone on from, and told no differently.

That answers are those of the reference model is held for random lives, at many places of each.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from domain.events import IsolationMode, Recorded
from domain.fold import Fold
from infrastructure.ledger import past_catalogs, reader
from infrastructure.querying import as_of
from tests.helpers.answers import check_viewer
from tests.helpers.stage import ON_A_DATABASE, Stage, emptied
from tests.reference.examples import ALIEN, E1, E2, E3, SHOW, TV, put
from tests.reference.lives import a_step, lives
from tests.reference.model import Reference
from tests.reference.steps import ChangeMode, Step, Watch

chances = st.integers(min_value=0, max_value=2**32).map(Random)


@contextmanager
def short_ways(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is kept on the way, and read at a time, is a few events."""
    with monkeypatch.context() as patched:
        patched.setattr(as_of, "_STAGE_EVENTS", 3)
        patched.setattr(as_of, "REPLAY_PAGE", 2)
        patched.setattr(reader, "REPLAY_PAGE", 2)
        patched.setattr(past_catalogs, "_KEPT_MAX", 4)
        yield


def check_past(stage: Stage, chance: Random, times: int) -> None:
    """Looks back to some places in any order, by a reader that has done so before."""
    log = stage.log
    reference = Reference(log, moment_us=stage.now_us)
    with stage.reader.snapshot() as snapshot:
        for position in chance.choices(range(len(log) + 1), k=times):
            then = reference.as_of(position)
            for cduid in reference.users:
                check_viewer(snapshot.viewer_as_of(cduid, position), then)


@ON_A_DATABASE
@given(lives(30), st.lists(a_step(), max_size=10), chances)
def test_whatever_was_looked_back_to_before_answers_are_the_reference_models(
    engine: Engine, steps: list[Step], later: list[Step], chance: Random
) -> None:
    with short_ways(pytest.MonkeyPatch()):
        stage = Stage(emptied(engine))
        stage.tell(*steps)
        check_past(stage, chance, 4)
        stage.tell(*later)
        check_past(stage, chance, 4)


@pytest.fixture
def stage(engine: Engine) -> Stage:
    return Stage(engine)


class Pages:
    """Counts what is read of the catalog and folded of activity."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.catalog: list[int] = []
        self.folded: list[int] = []
        read, take = reader.read_catalog, Fold.take

        def reading(connection: Connection, after: int, upto: int) -> Iterator[list[Recorded]]:
            for page in read(connection, after, upto):
                self.catalog += [each.version for each in page]
                yield page

        def taking(fold: Fold, page: list[Recorded]) -> None:
            self.folded += [each.position for each in page]
            take(fold, page)

        monkeypatch.setattr(past_catalogs, "read_catalog", reading)
        monkeypatch.setattr(Fold, "take", taking)


def look_back(stage: Stage, position: int, effort: as_of.Effort | None = None) -> None:
    with stage.reader.snapshot() as snapshot:
        then = Reference(stage.log, moment_us=stage.now_us).as_of(position)
        check_viewer(snapshot.viewer_as_of(TV, position, effort), then)


def test_the_catalog_is_not_folded_from_its_beginning_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.tell(*put(E1, E2), Watch(TV, E1))
    first = len(stage.log)
    stage.tell(*put(E3), Watch(TV, E3))
    second = len(stage.log)
    stage.tell(*put(ALIEN), Watch(TV, ALIEN))
    pages = Pages(monkeypatch)
    for position in (first, second, first, second):
        look_back(stage, position)
    assert pages.catalog == sorted(set(pages.catalog))


def test_what_was_said_is_not_folded_twice(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.tell(*put(E1, E2, ALIEN), Watch(TV, E1), Watch(TV, E2), Watch(TV, ALIEN))
    end = len(stage.log)
    pages = Pages(monkeypatch)
    for position in (end - 2, end - 1, end - 1, end - 2):
        look_back(stage, position)
    assert pages.folded == sorted(set(pages.folded))
    assert pages.folded[-1] == end - 1


def test_a_mode_that_changes_has_what_was_said_folded_for_other_groups(stage: Stage) -> None:
    stage.tell(*put(E1, ALIEN), Watch(TV, E1), Watch(TV, SHOW))
    position = len(stage.log) - 1
    look_back(stage, position)
    stage.tell(ChangeMode(TV, IsolationMode.SILO), Watch(TV, ALIEN))
    look_back(stage, position)


class Gone(Exception):
    pass


class Patience:
    """Looks on at what is spent, and leaves before the given page."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.begun = 0

    def spent(self) -> AbstractContextManager[None]:
        self.begun += 1
        return nullcontext()

    def go_on(self) -> None:
        if not self.pages:
            raise Gone
        self.pages -= 1


def test_nothing_more_is_folded_once_nobody_waits(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.tell(*put(E1), *[Watch(TV, E1)] * 20)
    end = len(stage.log)
    pages = Pages(monkeypatch)
    with short_ways(monkeypatch):
        with pytest.raises(Gone):
            look_back(stage, end - 1, Patience(pages=6))
        assert pages.folded[-1] < end - 10
        look_back(stage, end - 1)


def test_what_is_kept_costs_no_effort(stage: Stage) -> None:
    stage.tell(*put(E1), Watch(TV, E1), Watch(TV, E1))
    patience = Patience(pages=100)
    look_back(stage, len(stage.log) - 1, patience)
    look_back(stage, len(stage.log) - 1, patience)
    assert patience.begun == 1


def test_no_more_is_kept_than_there_is_room_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.tell(*put(E1, E2, ALIEN), Watch(TV, E1), Watch(TV, E2), Watch(TV, ALIEN))
    monkeypatch.setattr(as_of, "_VALUES_MAX", 30)
    monkeypatch.setattr(as_of, "_STATES_MAX", 3)
    kept = stage.reader._past._states._kept
    for position in range(1, len(stage.log)):
        look_back(stage, position)
        assert len(kept) <= 3
        assert sum(each.values for each in kept) <= 30
    assert kept


def test_nothing_is_kept_of_read_models_that_were_made_anew() -> None:
    states = as_of.PastStates()
    groups: dict[str, tuple[str, ...]] = {"user:ann": ("tv",)}
    folded = as_of.PastState("ann", groups, 7, 3)
    states.keep(folded, 0)
    assert states.nearest(folded) is folded
    states.drop_older(1)
    states.keep(folded, 0)  # by one who began before
    assert states.nearest(folded).position == 0
