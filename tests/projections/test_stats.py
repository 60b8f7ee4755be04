"""Plays and hours by user, month and show, held against brute force over the log."""

from collections import defaultdict
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from domain.events import IsolationMode
from domain.instants import from_us
from domain.items import kind_of
from projections.stats import Stat, stats
from tests.helpers.stage import ON_A_DATABASE, PAGE_SIZES, Stage, emptied, live_through
from tests.reference.examples import ALIEN, BOB, E1, E2, PHONE, SHOW, TV, put
from tests.reference.facts import PLAY_SECONDS
from tests.reference.lives import life, lives
from tests.reference.model import Reference
from tests.reference.steps import ChangeMode, Hide, Progress, Put, Step, Unwatch, Watch
from tests.reference.world import submissions

chances = st.integers(min_value=0, max_value=2**32).map(Random)


def expected(reference: Reference) -> list[Stat]:
    """Every play of every user over all their device users (rule 13), by month and show."""
    plays: dict[tuple[str, str, str], int] = defaultdict(int)
    seconds: dict[tuple[str, str, str], float] = defaultdict(float)
    for user in set(reference.users.values()):
        cduids = frozenset(c for c, whose in reference.users.items() if whose == user)
        for leaf in reference.spoken(cduids):
            for opening in reference.openings(cduids, leaf):
                key = user, f"{from_us(opening.at_us):%Y-%m}", show_of(reference, leaf)
                own = getattr(opening.event, "duration_seconds", None)
                plays[key] += 1
                seconds[key] += own or reference.catalog.runtime_seconds(leaf) or PLAY_SECONDS
    rows = [Stat(*key, count, seconds[key] / 3600) for key, count in plays.items()]
    return sorted(rows, key=lambda row: (row.user, [-ord(c) for c in row.month], row.of))


def show_of(reference: Reference, leaf: str) -> str:
    """The show that an item stands in now, else itself."""
    if leaf not in reference.catalog.items:
        return leaf
    return next((x for x in reference.catalog.path(leaf) if kind_of(x) == "show"), leaf)


def counted(stage: Stage, **asked: str) -> list[Stat]:
    with stage.reader.snapshot() as snapshot:
        return stats(snapshot.connection, snapshot.directory.catalog, **asked)


def check(stage: Stage) -> None:
    found, wanted = counted(stage), expected(Reference(stage.log))
    assert [row[:4] for row in found] == [row[:4] for row in wanted]
    assert [row.hours for row in found] == pytest.approx([row.hours for row in wanted])


@ON_A_DATABASE
@given(lives(30), st.sampled_from(PAGE_SIZES), chances)
def test_stats_are_those_of_brute_force(
    engine: Engine, steps: list[Step], page_size: int, chance: Random
) -> None:
    stage = Stage(emptied(engine), page_size)
    for _ in live_through(stage, submissions(steps), chance):
        pass
    check(stage)


@pytest.fixture
def stage(engine: Engine) -> Stage:
    return Stage(engine)


def test_one_viewing_on_two_devices_is_one_play_whatever_their_modes(stage: Stage) -> None:
    finished = [Progress(cduid, E1, played_seconds=1190.0) for cduid in (TV, PHONE)]
    stage.tell(*put(E1), ChangeMode(PHONE, IsolationMode.SILO), *finished)
    assert [(row.user, row.of, row.plays) for row in counted(stage)] == [("ann", SHOW, 1)]
    check(stage)


def test_a_show_is_counted_as_its_episodes_stand_now(stage: Stage) -> None:
    stage.tell(*put(E1, E2, "season:da1"), Watch(TV, E1), Watch(TV, E2))
    stage.tell(Put(E2, "season:da1"))
    assert [(row.of, row.plays) for row in counted(stage)] == [("show:dark", 1), (SHOW, 1)]


def test_unwatching_and_hiding_take_no_play_away(stage: Stage) -> None:
    stage.tell(*put(ALIEN), Watch(TV, ALIEN), Unwatch(TV, ALIEN), Hide(ALIEN))
    assert [(row.of, row.plays) for row in counted(stage)] == [(ALIEN, 1)]


def test_stats_are_asked_by_user_month_and_show(stage: Stage) -> None:
    stage.tell(*put(E1, ALIEN), Watch(TV, E1), Watch(BOB, ALIEN), Watch(TV, ALIEN))
    month = counted(stage)[0].month
    assert [row.of for row in counted(stage, user="ann")] == [ALIEN, SHOW]
    assert [row.user for row in counted(stage, of=ALIEN)] == ["ann", "bob"]
    assert counted(stage, month=month) == counted(stage)
    assert counted(stage, month="1999-01") == counted(stage, user="nobody") == []


@pytest.mark.long
def test_stats_are_those_of_brute_force_for_hundreds_of_lives(engine: Engine) -> None:
    for seed in range(150):
        chance = Random(seed)  # noqa: S311  # repeatable, not secret
        stage = Stage(emptied(engine), chance.choice(PAGE_SIZES))
        for _ in live_through(stage, submissions(life(seed, 5 + seed % 70)), chance):
            pass
        check(stage)
