"""How long was really watched, by what a player reports."""

from collections.abc import Iterable
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalog import Catalog
from domain.events import (
    Details,
    ItemDescribed,
    ItemPlaced,
    ItemWatched,
    ProgressReported,
    Recorded,
)
from domain.instants import to_us
from domain.state.cached_table import CachedTable, Key
from domain.watch_time import QUARTER_US, Playhead, Quarters, WatchTime, playheads_of, watch_time
from tests.reference.examples import ALIEN, E1, E2, PHONE, TV
from tests.reference.watch_time import watched

SECOND_US = 1_000_000
HOUR = 3_600


def playheads(*told: tuple[float, float]) -> list[Playhead]:
    """Of seconds on the clock, from a full hour on, and seconds played."""
    return [
        Playhead(round(at * SECOND_US), position, round(played * SECOND_US))
        for position, (at, played) in enumerate(told, start=1)
    ]


def seconds(quarters: Quarters) -> dict[int, float]:
    """By the number of the quarter hour."""
    return {start // QUARTER_US: each / SECOND_US for start, each in quarters.items()}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], {}),
        ([(60, 60)], {}),
        ([(0, 0), (60, 60)], {0: 60}),
        ([(0, 0), (60, 60), (120, 60), (180, 60)], {0: 60}),
        ([(0, 0), (60, 60), (120, 30), (180, 90)], {0: 120}),
        ([(0, 0), (60, 600), (120, 660)], {0: 60}),
        ([(0, 0), (60, 120)], {0: 60}),
        ([(0, 0), (60, 122)], {0: 60}),
        ([(0, 0), (60, 122.1)], {}),
        ([(0, 0), (60, 61.5)], {0: 60}),
        ([(0, 0), (60, 45)], {0: 45}),
        ([(0, 0), (0, 1)], {}),
        ([(0, 0), (1200, 1200)], {0: 900, 1: 300}),
        ([(0, 0), (2700, 2700)], {0: 900, 1: 900, 2: 900}),
        ([(600, 0), (1200, 600)], {0: 300, 1: 300}),
        ([(0, 0), (900, 900)], {0: 900}),
        ([(900, 0), (960, 60)], {1: 60}),
        ([(0, 0), (2 * HOUR, 60)], {7: 60}),
        ([(0, 0), (4 * HOUR + 60, 60)], {15: 0, 16: 60}),
        ([(0, 0), (4 * HOUR + 61, 60)], {}),
        ([(0, 0), (5 * HOUR, 5 * HOUR)], dict.fromkeys(range(20), 900)),
        ([(0, 0), (12 * HOUR, 12 * HOUR)], dict.fromkeys(range(48), 900)),
        ([(0, 0), (12 * HOUR + 1, 12 * HOUR + 1)], {}),
        ([(-960, 0), (-840, 120)], {-2: 60, -1: 60}),
    ],
    ids=[
        "nothing is nothing",
        "the first report of all",
        "what was played",
        "a paused television",
        "going back",
        "a seek, in which nothing counts",
        "at twice the speed the clock counts",
        "players round",
        "faster than anybody watches",
        "a little more than the clock is as much as the clock",
        "less than the clock, as with a pause in between",
        "no time at all",
        "over the end of a quarter hour",
        "over two of them",
        "up to where it was reported, not from where it began",
        "up to the very end of one",
        "from the very beginning of one",
        "a pause: the time is right before the report",
        "the longest pause",
        "another viewing, which begins with its first report",
        "a long film with no report in between",
        "the longest time with none",
        "a longer one, of which nobody knows anything",
        "before 1970",
    ],
)
def test_what_counts_is_what_progress_moved_through(
    told: list[tuple[float, float]], expected: dict[int, float]
) -> None:
    counted = {number: each for number, each in expected.items() if each}
    assert seconds(watch_time(playheads(*told))) == counted


def report(
    position: int, at_us: int, played_seconds: float | None, cduid: str = TV, item: str = E1
) -> Recorded:
    event = ProgressReported(item=item, played_seconds=played_seconds, duration_seconds=9_000.0)
    return recorded(position, at_us, event, cduid)


def recorded(position: int, at_us: int, event: ProgressReported, cduid: str = TV) -> Recorded:
    submission_id = UUID(int=position)
    stream = f"cduid:{cduid}"
    return Recorded(position, stream, position, 10**16, at_us, 2, submission_id, "ann", event)


@st.composite
def logs(draw: st.DrawFn) -> list[Recorded]:
    """Reports that come in any order: ticks, pauses, seeks, rewinds and breaks."""
    at_us = draw(st.integers(-(10**10), 10**10))
    told = []
    for _ in range(draw(st.integers(0, 30))):
        at_us += draw(st.sampled_from([0, 10, 60, 61, 900, 4_000, 20_000, 50_000])) * SECOND_US
        at_us += draw(st.integers(0, 3))
        cduid, item = draw(st.sampled_from([TV, PHONE])), draw(st.sampled_from([E1, E2, ALIEN]))
        told.append(
            (
                at_us,
                draw(st.sampled_from([0, 60, 120, 4_000, 30_000, 60_000]))
                + draw(st.sampled_from([0, 0.25])),
                cduid,
                item,
            )
        )
    draw(st.randoms()).shuffle(told)
    return [
        report(position, at_us, played, cduid, item)
        for position, (at_us, played, cduid, item) in enumerate(told, start=1)
    ]


def played_seconds(recorded: Recorded) -> float | None:
    assert isinstance(recorded.event, ProgressReported)
    return recorded.event.played_seconds


def by_brute_force(log: list[Recorded]) -> dict[Key, Quarters]:
    return {
        key: {to_us(begin): each for begin, each in by_quarter.items() if each}
        for key, by_quarter in watched(log, played_seconds).items()
        if any(by_quarter.values())
    }


class Follower:
    """Adds up what a fold writes page by page, reading what is late from the whole log."""

    def __init__(self, log: list[Recorded]) -> None:
        self.log = log
        self.stored: dict[Key, Quarters] = {}
        self._time = WatchTime(CachedTable())

    def page(self, page: list[Recorded]) -> list[Key]:
        """Answers what had to be counted anew."""
        self._time.clear()
        late = self._time.take(playheads_of(page, Catalog()))
        upto = page[-1].position
        for key in late:
            so_far = playheads_of(self.log[:upto], Catalog())
            self._time.replace(key, sorted(so_far[key]))
        for key, quarters in self._time.added.items():
            known = {} if key in self._time.replaced else self.stored.get(key, {})
            for start in quarters.keys() | known:
                known[start] = known.get(start, 0) + quarters.get(start, 0)
            self.stored[key] = known
        return late

    def told(self) -> dict[Key, Quarters]:
        return {key: quarters for key, quarters in self.stored.items() if quarters}


@given(logs(), st.sampled_from([1, 2, 5, 100]))
def test_in_whichever_pages_it_comes_watch_time_is_that_of_brute_force(
    log: list[Recorded], page_size: int
) -> None:
    follower = Follower(log)
    for start in range(0, len(log), page_size):
        follower.page(log[start : start + page_size])
        assert follower.told() == by_brute_force(log[: start + page_size])


def test_only_what_comes_late_is_counted_anew() -> None:
    log = [
        report(1, 0, 0),
        report(2, 60 * SECOND_US, 60),
        report(3, 180 * SECOND_US, 180),
        report(4, 120 * SECOND_US, 120),
        report(5, 90 * SECOND_US, 30),
    ]
    follower = Follower(log)
    assert follower.page(log[:2]) == []
    assert follower.page(log[2:4]) == []
    assert follower.page(log[4:]) == [(TV, E1)]
    assert follower.told() == by_brute_force(log)


def test_what_nothing_holds_of_any_more_has_no_watch_time() -> None:
    table: CachedTable[Playhead] = CachedTable()
    time = WatchTime(table)
    time.take({(TV, E1): playheads((0, 0), (60, 60))})
    time.replace((TV, E1), [])
    assert time.added == {(TV, E1): {}}
    assert table.get(TV, E1) is None


def shares(*told: tuple[int, float]) -> list[Recorded]:
    return [
        recorded(position, at * SECOND_US, ProgressReported(item=E1, share=share))
        for position, (at, share) in enumerate(told, start=1)
    ]


def catalog(*runtimes: float | None) -> Catalog:
    """It knows an episode from version 2 on, with each running time for a version."""
    found = Catalog()
    found.evolve(ItemPlaced(item="season:ex1"), 1, 0)
    first, *others = [Details(runtime_seconds=each) for each in runtimes]
    found.evolve(ItemPlaced(item=E1, parent="season:ex1", details=first), 2, 0)
    for version, details in enumerate(others, start=3):
        found.evolve(ItemDescribed(item=E1, details=details), version, 0)
    return found


def of_shares(log: Iterable[Recorded], known: Catalog) -> dict[int, float]:
    found = playheads_of(log, known).get((TV, E1), [])
    return seconds(watch_time(found))


def test_a_share_is_of_the_running_time_that_the_item_had_by_then() -> None:
    log = shares((0, 0.0), (120, 0.1))
    assert of_shares(log, catalog(1_200.0)) == {0: 120}
    assert of_shares(log, catalog(1_200.0, 60.0)) == {0: 120}
    assert of_shares(log, catalog(600.0)) == {0: 60}


def test_a_share_of_nobody_knows_what_is_as_if_it_were_not_there() -> None:
    assert of_shares(shares((0, 0.0), (120, 0.1)), catalog(None, 1_200.0)) == {}
    log = [report(1, 0, 0), *shares((0, 0.0), (60, 0.9))[1:], report(3, 120 * SECOND_US, 120)]
    assert of_shares(log, catalog(None)) == {0: 120}


def test_marks_are_no_reports() -> None:
    mark = Recorded(1, f"cduid:{TV}", 1, 0, 0, 0, UUID(int=1), "ann", ItemWatched(item=E1))
    assert playheads_of([mark], Catalog()) == {}


def test_a_shuffled_page_is_put_in_order() -> None:
    told = playheads(*((60 * minute, 60 * minute) for minute in range(50)))
    shuffled = list(told)
    Random(7).shuffle(shuffled)  # noqa: S311  # repeatable, not secret
    time = WatchTime(CachedTable())
    assert time.take({(TV, E1): shuffled}) == []
    assert time.added[TV, E1] == watch_time(told)
