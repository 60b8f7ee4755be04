"""Time watched, plays and marks by quarter hour, held against brute force over the log."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from domain.events import Details, IsolationMode, ItemWatched
from domain.instants import to_us
from domain.watch_time import quarter_of
from infrastructure.database.engine import read_transaction
from infrastructure.operations.verifying.read_models import read_model_faults
from projections.stats import Counted, Rows, Span, counted
from tests.helpers.stage import ON_A_DATABASE, PAGE_SIZES, Stage, emptied, live_through
from tests.reference.examples import ALIEN, BOB, BRAZIL, E1, PHONE, TV, put
from tests.reference.facts import item_of
from tests.reference.lives import life, lives
from tests.reference.model import Reference
from tests.reference.steps import (
    ChangeMode,
    Hide,
    Link,
    Progress,
    Put,
    Reassign,
    Retire,
    Retract,
    Step,
    Unlink,
    Unwatch,
    Watch,
)
from tests.reference.watch_time import watched
from tests.reference.world import SLOT_US, submissions

chances = st.integers(min_value=0, max_value=2**32).map(Random)
EVER = Span(-(2**62), 2**62)
KEYS = ("cduid", "item", "quarter_us")

Stats = dict[str, Counter[tuple[str, str, int]]]
"""What was counted, by (cduid, item, when the quarter hour begins)."""


def expected(reference: Reference) -> Stats:
    """Every play of every user over all their device users (rule 13), and every mark."""
    found: Stats = {"watched_us": Counter(), "plays": Counter(), "marks": Counter()}
    for key, quarters in watched(reference.said, reference.played_seconds).items():
        for begin, watched_us in quarters.items():
            found["watched_us"][(*key, to_us(begin))] += watched_us
    for user in set(reference.users.values()):
        cduids = frozenset(c for c, whose in reference.users.items() if whose == user)
        for work in {reference.catalog.work(leaf) for leaf in reference.spoken(cduids)}:
            leaf = min(work)
            for name, completions in (
                ("plays", reference.openings(cduids, leaf, asked=False)),
                ("marks", reference.completions(cduids, leaf)),
            ):
                for r in completions:
                    if name == "plays" or isinstance(r.event, ItemWatched):
                        found[name][r.cduid or "", item_of(r) or "", quarter_of(r.at_us)] += 1
    return {name: +counts for name, counts in found.items()}


def stored(stage: Stage) -> Stats:
    found: Stats = {"watched_us": Counter(), "plays": Counter(), "marks": Counter()}
    with stage.reader.snapshot() as snapshot:
        for each in counted(snapshot.connection, KEYS, Rows(EVER)):
            for name, counts in found.items():
                counts[each.cduid or "", each.item or "", each.quarter_us or 0] += getattr(
                    each, name
                )
    return {name: +counts for name, counts in found.items()}


def check(stage: Stage) -> None:
    assert stored(stage) == expected(Reference(stage.log))


def faults(stage: Stage) -> list[str]:
    with read_transaction(stage.engine) as connection:
        return list(read_model_faults(connection))


@ON_A_DATABASE
@given(lives(30), st.sampled_from(PAGE_SIZES), chances)
def test_stats_are_those_of_brute_force(
    engine: Engine, steps: list[Step], page_size: int, chance: Random
) -> None:
    stage = Stage(emptied(engine), page_size)
    for _ in live_through(stage, submissions(steps), chance):
        pass
    check(stage)


EVENING = st.lists(
    st.one_of(
        st.builds(
            Progress,
            st.sampled_from([TV, PHONE]),
            st.sampled_from([ALIEN, BRAZIL, E1]),
            slots_ago=st.sampled_from([None, None, None, 0, 1, 2, 3, 8, 60]),
            played_seconds=st.sampled_from([0.0, 100.5, 300.0, 600.0, 1190.0]),
        ),
        st.builds(
            Progress,
            st.just(TV),
            st.sampled_from([ALIEN, E1]),
            played_seconds=st.none(),
            duration_seconds=st.none(),
            share=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
        ),
        st.builds(Retract, st.sampled_from([TV, PHONE]), back=st.integers(0, 4)),
        st.builds(Watch, st.sampled_from([TV, PHONE]), st.sampled_from([ALIEN, BRAZIL])),
        st.sampled_from(
            [
                Link(ALIEN, BRAZIL),
                Unlink(ALIEN),
                Reassign(PHONE, "bob"),
                Reassign(PHONE, "ann"),
                Put(ALIEN, details=Details(runtime_seconds=1_200.0)),
                Put(ALIEN, details=Details(runtime_seconds=2_400.0)),
            ]
        ),
    ),
    max_size=25,
)


@ON_A_DATABASE
@given(EVENING, st.sampled_from(PAGE_SIZES), chances)
def test_time_watched_is_that_of_brute_force_where_there_is_much_of_it(
    engine: Engine, steps: list[Step], page_size: int, chance: Random
) -> None:
    """Reports on few items, late and retracted ones among them, and verified at the end."""
    stage = Stage(emptied(engine), page_size)
    begun = [*put(ALIEN, BRAZIL, E1), *steps]
    for _ in live_through(stage, submissions(begun), chance):
        pass
    check(stage)
    assert faults(stage) == []


@pytest.fixture
def stage(engine: Engine) -> Stage:
    return Stage(engine)


def rows(stage: Stage, by: str, span: Span = EVER) -> list[tuple[str | int | None, int, int, int]]:
    """The sums by one of the columns, of those that have any."""
    sums: dict[str | int | None, Counter[str]] = {}
    with stage.reader.snapshot() as snapshot:
        for each in counted(snapshot.connection, [by], Rows(span)):
            key: str | int | None = getattr(each, by)
            sums.setdefault(key, Counter()).update(amounts(each))
    return [
        (key, each["watched_us"] // 1_000_000, each["plays"], each["marks"])
        for key, each in sorted(sums.items(), key=str)
    ]


def amounts(each: Counted) -> dict[str, int]:
    return {"watched_us": each.watched_us, "plays": each.plays, "marks": each.marks}


def played(cduid: str, *seconds: float, item: str = ALIEN) -> list[Step]:
    """A report every five minutes."""
    return [
        Progress(cduid, item, played_seconds=each, duration_seconds=9_000.0) for each in seconds
    ]


def test_each_device_user_has_the_time_that_it_reported(stage: Stage) -> None:
    stage.tell(*put(ALIEN), *played(TV, 0.0, 300.0, 600.0), *played(BOB, 0.0, 250.0))
    assert rows(stage, "cduid") == [(TV, 600, 0, 0), (BOB, 250, 0, 0)]
    check(stage)


def test_what_comes_late_divides_what_was_counted_already(stage: Stage) -> None:
    """Nobody watched forty minutes in ten, unless the player says how they came about."""
    stage.tell(*put(ALIEN), *played(TV, 0.0), *played(TV, 2_000.0))
    assert rows(stage, "item") == []
    late = Progress(TV, ALIEN, slots_ago=2, played_seconds=1_900.0, duration_seconds=9_000.0)
    stage.tell(late)
    assert rows(stage, "item") == [(ALIEN, 100, 0, 0)]
    check(stage)


def test_what_is_retracted_takes_its_time_with_it(stage: Stage) -> None:
    stage.tell(*put(ALIEN), *played(TV, 0.0, 300.0, 600.0))
    stage.tell(Retract(TV))
    assert rows(stage, "item") == [(ALIEN, 300, 0, 0)]
    stage.tell(*played(TV, 900.0))
    check(stage)
    stage.tell(Retract(TV, back=0), Retract(TV, back=5), Watch(TV, ALIEN))
    check(stage)
    assert faults(stage) == []


def test_one_viewing_on_two_devices_is_one_play_whatever_their_modes(stage: Stage) -> None:
    finished = [Progress(cduid, E1, played_seconds=1190.0) for cduid in (TV, PHONE)]
    stage.tell(*put(E1), ChangeMode(PHONE, IsolationMode.SILO), *finished)
    assert rows(stage, "cduid") == [(TV, 0, 1, 0)]
    check(stage)


def test_unwatching_and_hiding_take_no_play_away(stage: Stage) -> None:
    stage.tell(*put(ALIEN), Watch(TV, ALIEN, slots_ago=0), Unwatch(TV, ALIEN), Hide(ALIEN))
    assert rows(stage, "item") == [(ALIEN, 0, 1, 1)]
    check(stage)


def test_an_idle_mark_is_none(stage: Stage) -> None:
    stage.tell(*put(ALIEN), Watch(TV, ALIEN), Watch(TV, ALIEN), Watch(TV, ALIEN))
    assert rows(stage, "item") == [(ALIEN, 0, 1, 1)]
    check(stage)


def test_what_is_undated_is_in_the_first_quarter_hour_of_1900(stage: Stage) -> None:
    stage.tell(*put(ALIEN), Watch(TV, ALIEN, undated=True))
    [(quarter_us, *counts)] = rows(stage, "quarter_us")
    assert (quarter_us, counts) == (-2_208_988_800_000_000, [0, 1, 1])
    check(stage)


def test_a_work_is_played_once_on_the_item_that_it_was_completed_on(stage: Stage) -> None:
    stage.tell(
        *put(ALIEN, BRAZIL), Watch(TV, ALIEN, slots_ago=0), Watch(PHONE, BRAZIL, slots_ago=0)
    )
    assert [each[2] for each in rows(stage, "item")] == [1, 1]
    stage.tell(Link(ALIEN, BRAZIL))
    assert [(item, plays) for item, _, plays, _ in rows(stage, "item")] == [(ALIEN, 1), (BRAZIL, 0)]
    check(stage)
    stage.tell(Unlink(BRAZIL))
    assert [each[2] for each in rows(stage, "item")] == [1, 1]
    check(stage)


def test_plays_are_those_of_whom_a_device_user_is_now(stage: Stage) -> None:
    stage.tell(*put(ALIEN), Watch(TV, ALIEN, slots_ago=0), Watch(PHONE, ALIEN, slots_ago=0))
    assert rows(stage, "cduid") == [(PHONE, 0, 0, 1), (TV, 0, 1, 1)]
    stage.tell(Reassign(PHONE, "bob"))
    assert rows(stage, "cduid") == [(PHONE, 0, 1, 1), (TV, 0, 1, 1)]
    check(stage)
    stage.tell(Reassign(TV, "bob"), Retire(TV))
    assert rows(stage, "cduid") == [(PHONE, 0, 0, 1), (TV, 0, 1, 1)]
    check(stage)
    assert faults(stage) == []


def test_time_goes_to_the_quarter_hours_that_it_was_watched_in(stage: Stage) -> None:
    """Steps are five minutes apart."""
    stage.tell(*put(ALIEN), *played(TV, *(300.0 * number for number in range(12))))
    found = rows(stage, "quarter_us")
    assert sum(seconds for _, seconds, _, _ in found) == 11 * 300
    assert len(found) in {4, 5}
    assert SLOT_US == 300_000_000
    check(stage)


@pytest.mark.long
def test_stats_are_those_of_brute_force_for_hundreds_of_lives(engine: Engine) -> None:
    for seed in range(150):
        chance = Random(seed)  # noqa: S311  # repeatable, not secret
        stage = Stage(emptied(engine), chance.choice(PAGE_SIZES))
        for _ in live_through(stage, submissions(life(seed, 5 + seed % 70)), chance):
            pass
        check(stage)
