"""The fold in memory, held against the reference model: crowded lives, and known traps by name."""

from collections.abc import Collection, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.directory import Directory
from domain.events import Recorded
from domain.fold import Fold
from domain.policy import Policy
from domain.rollup import BY_LEAF_MAX, Group, Rollup
from domain.viewer import Viewer
from tests.helpers.answers import check_viewer
from tests.helpers.reports import LogReports
from tests.helpers.tables import watch_group
from tests.reference.examples import (
    ALIEN,
    BRAZIL,
    COCO,
    DARK,
    E1,
    E2,
    E3,
    E4,
    E5,
    FILMS,
    PHONE,
    SEASON,
    SEASON_2,
    SHELF,
    SHOW,
    TV,
    put,
)
from tests.reference.lives import STEPS, Pick, T
from tests.reference.model import Reference
from tests.reference.rows import check_rows, rolled_up
from tests.reference.steps import Hide, Progress, Put, Restore, Step, Unwatch, Watch
from tests.reference.world import log_of

CROWD = frozenset(
    {"ann", TV, PHONE, SHELF, SHOW, DARK, SEASON, SEASON_2, E1, E2, E4, "episode:ghost"}
)
"""What a crowded life is about where it has the choice, so that rare meetings aren't rare."""


def crowded_life(seed: int, size: int) -> list[Step]:
    chance = Random(seed)  # noqa: S311  # repeatable, not secret

    def pick(options: Sequence[T]) -> T:
        crowd = [option for option in options if option in CROWD]
        return chance.choice(crowd or options)

    picking: Pick = pick
    return [*put(E1, E4), *(chance.choice(STEPS)(picking) for _ in range(size))]


def fold_of(
    log: list[Recorded],
    page_size: int = 1,
    *,
    derives_late: bool = False,
    by_leaf_max: int = BY_LEAF_MAX,
) -> Fold:
    fold = Fold(
        Directory(),
        Policy(),
        LogReports(log),
        derives_late=derives_late,
        by_leaf_max=by_leaf_max,
    )
    for start in range(0, len(log), page_size):
        fold.apply(log[start : start + page_size])
    return fold


def check(fold: Fold, reference: Reference) -> None:
    tables = fold.tables
    for cduid in reference.users:
        check_viewer(Viewer(fold.directory, tables, cduid, reference.moment_us), reference)
        group = reference.group(cduid)
        rows = set(tables.watched.all_of(watch_group(reference, cduid)).items())
        assert rows == rolled_up(reference, group)
        check_rows(reference, group, rows)
        started = {
            leaf: (found.played_seconds, found.duration_seconds, found.share, found.at_us)
            for leaf, found in tables.progress.all_of(cduid).items()
        }
        assert started == reference.progress_rows(cduid)
        assert tables.watch_counts.all_of(cduid) == reference.watch_counts(cduid)


def check_every_way(log: list[Recorded]) -> None:
    reference = Reference(log)
    for fold in (
        fold_of(log),
        fold_of(log, 7),
        fold_of(log, 9, by_leaf_max=0),  # as if each container were a large shelf
        fold_of(log, 1_000, derives_late=True),
    ):
        check(fold, reference)


@given(st.integers(min_value=0, max_value=10**9), st.integers(min_value=0, max_value=60))
def test_a_crowded_life_is_folded_as_the_reference_model_has_it(seed: int, size: int) -> None:
    check_every_way(log_of(*crowded_life(seed, size)))


@pytest.mark.long
@pytest.mark.parametrize("block", range(8))
def test_thousands_of_crowded_lives_are_folded_as_the_reference_model_has_them(block: int) -> None:
    for seed in range(block * 500, (block + 1) * 500):
        log = log_of(*crowded_life(seed, 10 + seed % 70))
        for length in range(len(log), 0, -20):
            check_every_way(log[:length])


TRAPS: dict[str, list[Step]] = {
    "a newer event on what is watched already moves no date": [
        *put(ALIEN, BRAZIL),
        Watch(TV, FILMS),
        *put("movie:coco"),
        Put("movie:coco", FILMS),
        Watch(TV, ALIEN),
    ],
    "rows after a new episode don't depend on the path": [
        *put(E1, E2),
        Watch(TV, SEASON),
        *put(E3),
        Unwatch(TV, E1),
        Watch(TV, E1),
    ],
    "an older container mark that spoke about more still decides about the rest": [
        *put(E1),
        Progress(PHONE, E1, played_seconds=1.0),
        *put(E2),
        Watch(PHONE, SEASON, slots_ago=3),
        Watch(TV, SEASON, slots_ago=1),
        *put(E3),
        Unwatch(PHONE, SEASON, slots_ago=5),
    ],
    "a late container mark that spoke about more leaves the newer one its own": [
        *put(E1),
        Watch(TV, SEASON),
        *put(E3),
        Unwatch(TV, SEASON, slots_ago=5),
    ],
    "an older container mark decides about what has left the container since": [
        *put(E1, E2, E4),
        Watch(TV, SEASON),
        Put(E1, SEASON_2),
        Unwatch(TV, SEASON),
    ],
    "an older container mark decides about what left from further down": [
        *put(E1, E4),
        Watch(TV, SHOW),
        *put(DARK),
        Put(SEASON, DARK),
        Unwatch(TV, SHOW),
    ],
    "moving an unwatched episode out completes a season": [
        *put(E1, E2, E4),
        Watch(TV, E1),
        Put(E2, SEASON_2),
    ],
    "a late event above counts for a season that nobody touched": [
        *put(E1),
        Unwatch(TV, E1),
        *put(E4),
        Watch(TV, SHOW, slots_ago=1),
        *put(E5),
    ],
    "after a season moves its leaves tie": [
        *put(E1, E2, E4),
        Watch(TV, SHOW),
        *put(DARK),
        Put(SEASON, DARK),
        Unwatch(TV, E2),
        Watch(TV, DARK),
        Unwatch(TV, E1),
    ],
    "rows overlap rightly": [
        *put(E1, "episode:da1e1"),
        Watch(TV, SHELF),
        *put("episode:da1e2", E2),
        Watch(TV, E2),
    ],
    "an item that was spoken about before it was known": [
        Watch(TV, E2),
        Unwatch(PHONE, E3),
        *put(E1),
        Watch(TV, SEASON),
        *put(E2, E3),
    ],
    "a replaced file in the middle of it all": [
        *put(E1, E2),
        Watch(TV, E1),
        Hide(E1),
        Watch(PHONE, E2),
        Unwatch(PHONE, E1),
        Restore(E1),
    ],
    "a start that came late, before one's own mark on the season": [
        *put(E1, E2),
        Progress(TV, E1),
        Watch(TV, SEASON),
        Progress(TV, E1, slots_ago=2),
        Progress(TV, E2, slots_ago=4),
    ],
    "a start that came late, after one's own mark on the season": [
        *put(E1, E2),
        Watch(TV, SEASON, slots_ago=3),
        Progress(TV, E1, slots_ago=2),
        Watch(TV, SEASON, slots_ago=4),
    ],
}


@pytest.mark.parametrize("steps", TRAPS.values(), ids=TRAPS.keys())
def test_a_trap_is_avoided_at_every_step(steps: list[Step]) -> None:
    log = log_of(*steps)
    for length in range(1, len(log) + 1):
        check_every_way(log[:length])


def test_no_row_is_written_for_an_old_movie_that_is_watched_again() -> None:
    steps: list[Step] = [*put(ALIEN, BRAZIL), Watch(TV, FILMS), Put("movie:coco", FILMS)]
    before, after = (fold_of(log_of(*steps, *more)) for more in ([], [Watch(TV, ALIEN)]))
    rows = [fold.tables.watched.all_of("user:ann") for fold in (before, after)]
    assert rows[0] == rows[1]
    assert rows[0].keys() == {FILMS}


def test_however_often_a_shelf_is_marked_in_a_page_its_films_are_decided_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    marks = [Watch(TV, FILMS) if number % 2 else Unwatch(TV, FILMS) for number in range(600)]
    log = log_of(*put(ALIEN, BRAZIL, COCO), *marks)
    fold = fold_of(log[: -len(marks)], by_leaf_max=2)
    decided: list[int] = []
    refresh = Rollup.refresh

    def counted(self: Rollup, group: Group, leaves: Collection[str], *rest: Any) -> None:
        decided.append(len(leaves))
        refresh(self, group, leaves, *rest)

    monkeypatch.setattr(Rollup, "refresh", counted)
    fold.apply(log[-len(marks) :])
    assert 0 < sum(decided) < 100
    one_by_one = fold_of(log).tables.watched.all_of("user:ann")
    assert fold.tables.watched.all_of("user:ann") == one_by_one != {}
