"""Random lives: what two people, their devices and their media servers do, one step at a time.

A step is put together by picking from options, so that one description serves both Hypothesis,
which shrinks towards the first option, and a seeded generator for thousands of lives.
"""

import random
from collections.abc import Callable, Sequence
from itertools import compress
from typing import Protocol, TypeVar

from hypothesis import strategies as st

from domain.events import AccessChanged, Details, IsolationMode
from domain.items import PARENT_KIND, is_watchable, kind_of
from tests.reference.steps import (
    ChangeAccess,
    ChangeMode,
    Hide,
    Progress,
    Put,
    Restore,
    Resubmit,
    Step,
    Unwatch,
    Watch,
)
from tests.reference.universe import CDUIDS, GHOSTS, ITEMS, USERS

T = TypeVar("T")

LEAVES = tuple(item for item in ITEMS if is_watchable(item))
CONTAINERS = tuple(item for item in ITEMS if not is_watchable(item))
PARENTS = {
    item: tuple(i for i in ITEMS if kind_of(i) == PARENT_KIND[kind_of(item)]) for item in ITEMS
}
MOVABLE = tuple(item for item in ITEMS if len(PARENTS[item]) > 1)

WATCHABLE_GHOSTS = tuple(item for item in GHOSTS if is_watchable(item))
SPOKEN_OF = (*LEAVES, *LEAVES, *LEAVES, *CONTAINERS, *GHOSTS)
SLOTS_AGO = (None, None, None, None, 0, 1, 2, 3, 5, 8, 13, 30, -3)
"""When it happened: now, late, at the same time as something else, or in the future."""
DURATIONS_SECONDS = (1200.0, 600.0, 3000.0)
PLAYED_SHARES = (0.5, 0.95, 0.01, 1.0, 0.05, 0.9, 0.06, 1.5)
LIMITS = (
    AccessChanged(),
    AccessChanged(denied_tags=("gore",)),
    AccessChanged(allowed_tags=("kids",)),
    AccessChanged(allowed_shelves=("show_shelf:tv", "movie_shelf:films")),
    AccessChanged(allowed_shelves=("show_shelf:tv",), denied_tags=("gore",)),
    AccessChanged(allowed_shelves=("stream_source:clips", "movie_shelf:more")),
    AccessChanged(allowed_shelves=()),
)


class Pick(Protocol):
    def __call__(self, options: Sequence[T], /) -> T: ...


def _watch(pick: Pick) -> Step:
    item = pick(SPOKEN_OF)
    duration_seconds = pick((None, None, *DURATIONS_SECONDS)) if is_watchable(item) else None
    return Watch(pick(CDUIDS), item, pick(SLOTS_AGO), duration_seconds)


def _unwatch(pick: Pick) -> Step:
    return Unwatch(pick(CDUIDS), pick(SPOKEN_OF), pick(SLOTS_AGO))


def _progress(pick: Pick) -> Step:
    duration_seconds = pick(DURATIONS_SECONDS)
    item = pick((*LEAVES, *LEAVES, *WATCHABLE_GHOSTS))
    played_seconds = duration_seconds * pick(PLAYED_SHARES)
    return Progress(pick(CDUIDS), item, pick(SLOTS_AGO), played_seconds, duration_seconds)


def _finish(pick: Pick) -> Step:
    return Progress(pick(CDUIDS), pick(LEAVES), pick(SLOTS_AGO), played_seconds=1190.0)


def _put(pick: Pick) -> Step:
    return Put(pick(ITEMS))


def _move(pick: Pick) -> Step:
    item = pick(MOVABLE)
    return Put(item, pick(PARENTS[item]))


def _describe(pick: Pick) -> Step:
    item = pick(ITEMS)
    source = kind_of(item) == "stream_source"
    return Put(
        item,
        details=Details(
            index=pick((None, 0, 1, 2, 3)),
            title=pick((None, "A title")),
            tags=pick(((), ("kids",), ("gore",), ("kids", "gore"))),
            runtime_seconds=pick((None, 600.0, 3000.0)) if is_watchable(item) else None,
            tracks_progress=pick((None, True, False)) if source else None,
        ),
    )


def _hide(pick: Pick) -> Step:
    return Hide(pick(ITEMS))


def _restore(pick: Pick) -> Step:
    return Restore(pick(ITEMS))


def _resubmit(pick: Pick) -> Step:
    return Resubmit(
        pick(range(8)), pick((None, None, *WATCHABLE_GHOSTS)), pick((None, None, *CDUIDS))
    )


def _change_mode(pick: Pick) -> Step:
    return ChangeMode(pick(CDUIDS), pick(tuple(IsolationMode)))


def _change_access(pick: Pick) -> Step:
    return ChangeAccess(pick(USERS), pick(LIMITS))


_WEIGHTS: dict[Callable[[Pick], Step], int] = {
    _watch: 8,
    _unwatch: 4,
    _progress: 4,
    _finish: 3,
    _put: 5,
    _move: 3,
    _describe: 2,
    _hide: 1,
    _restore: 1,
    _resubmit: 1,
    _change_mode: 2,
    _change_access: 1,
}
STEPS = tuple(step for step, weight in _WEIGHTS.items() for _ in range(weight))


@st.composite
def a_step(draw: st.DrawFn) -> Step:
    return draw(st.sampled_from(STEPS))(lambda options: draw(st.sampled_from(options)))


def beginnings() -> st.SearchStrategy[list[Step]]:
    """What the catalog holds before anybody watches: any part of the universe."""
    placed = st.tuples(*(st.booleans() for _ in ITEMS))
    return placed.map(lambda chosen: [Put(item) for item in compress(ITEMS, chosen)])


def lives(max_size: int = 40) -> st.SearchStrategy[list[Step]]:
    """A beginning and up to `max_size` steps; long lives come as often as short ones.

    Each size is a choice of its own that shrinks to the first, so that no life stays long.
    """
    sizes = (0, max_size // 4, max_size // 2)
    steps = st.one_of(*(st.lists(a_step(), min_size=n, max_size=max_size) for n in sizes))
    return st.tuples(beginnings(), steps).map(lambda parts: [*parts[0], *parts[1]])


def life(seed: int, size: int) -> list[Step]:
    """The same kind of life from a seed: `size` steps after its beginning."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    first = chance.sample(ITEMS, chance.choice((0, 5, 15, len(ITEMS))))
    begun: list[Step] = [Put(item) for item in first]
    return [*begun, *(chance.choice(STEPS)(chance.choice) for _ in range(size))]
