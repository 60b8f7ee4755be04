"""Random lives: what two people, their devices and their media servers do, one step at a time.

A step is put together by picking from options, so that one description serves both Hypothesis,
which shrinks towards the first option, and a seeded generator for thousands of lives.
"""

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import compress
from typing import Protocol, TypeVar

from hypothesis import strategies as st

from domain.events import AccessChanged, Details, IsolationMode, PlayerState
from domain.instants import from_us
from domain.items import PARENT_KIND, is_watchable, kind_of
from tests.reference.steps import (
    ChangeAccess,
    ChangeMode,
    Clock,
    Dismiss,
    Hide,
    Link,
    Progress,
    Put,
    Reassign,
    Recall,
    Restart,
    Restore,
    Resubmit,
    Retire,
    Retract,
    Step,
    Target,
    Unlink,
    Unwatch,
    Watch,
)
from tests.reference.universe import CDUIDS, GHOSTS, ITEMS, USERS
from tests.reference.world import BEGIN_US, SLOT_US

T = TypeVar("T")

LEAVES = tuple(item for item in ITEMS if is_watchable(item))
CONTAINERS = tuple(item for item in ITEMS if not is_watchable(item))
PARENTS = {
    item: tuple(i for i in ITEMS if kind_of(i) == PARENT_KIND[kind_of(item)]) for item in ITEMS
}
MOVABLE = tuple(item for item in ITEMS if len(PARENTS[item]) > 1)

TWINS = {leaf: tuple(i for i in LEAVES if kind_of(i) == kind_of(leaf) != i) for leaf in LEAVES}
RESTARTABLE = tuple(i for i in ITEMS if kind_of(i) in {"show_shelf", "show", "season"})

SPOKEN_OF = (*LEAVES, *LEAVES, *LEAVES, *CONTAINERS, *GHOSTS)
SLOTS_AGO = (None, None, None, None, 0, 1, 2, 3, 5, 8, 13, 30, -3)
"""When it happened: now, late, at the same time as something else, or in the future."""
CLOCKS = (*[Clock.RIGHT] * 9, Clock.SLOW, Clock.SLOW, Clock.NEVER_SET, Clock.AT_ZERO)
UNDATED = (False,) * 9 + (True,)
BESIDE = (*[()] * 9, ("bob",), ("ann",))
STATES = (None, *PlayerState)
DURATIONS_SECONDS = (1200.0, 600.0, 3000.0, 14_400.0)
RUNTIMES_SECONDS = (None, 600.0, 1200.0, 3000.0, 14_400.0)
PLAYED_SHARES = (0.5, 0.95, 0.01, 1.0, 0.05, 0.9, 0.06, 1.5, 0.97, 0.03)
SHARES = (0.5, 0.95, 0.0, 0.05, 0.9, 1.0)
RELEASED = (None, None, None, *(from_us(BEGIN_US + n * SLOT_US) for n in (-9, 20, 40, 60, 999)))
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
    seconds = pick((None, None, *DURATIONS_SECONDS)) if is_watchable(item) else None
    cduid, slots_ago = pick(CDUIDS), pick(SLOTS_AGO)
    return Watch(cduid, item, slots_ago, seconds, pick(UNDATED), pick(CLOCKS), pick(BESIDE))


def _unwatch(pick: Pick) -> Step:
    return Unwatch(
        pick(CDUIDS), pick(SPOKEN_OF), pick(SLOTS_AGO), clock=pick(CLOCKS), beside=pick(BESIDE)
    )


def _progress(pick: Pick) -> Step:
    seconds = pick(DURATIONS_SECONDS)
    return Progress(
        pick(CDUIDS),
        pick((*LEAVES, *LEAVES, *GHOSTS)),
        pick(SLOTS_AGO),
        played_seconds=seconds * pick(PLAYED_SHARES),
        duration_seconds=pick((seconds, seconds, seconds, None)),
        share=pick((None, None, None, *SHARES)),
        state=pick(STATES),
        clock=pick(CLOCKS),
        beside=pick(BESIDE),
    )


def _finish(pick: Pick) -> Step:
    return Progress(pick(CDUIDS), pick(LEAVES), pick(SLOTS_AGO), played_seconds=1190.0)


def _credits(pick: Pick) -> Step:
    """Near the end of what somebody watches on, so that a play has more than one completion."""
    leaf, share = pick(LEAVES[:3]), pick((0.91, 0.95, 1.0, 0.4))
    return Progress(pick(CDUIDS[:2]), leaf, pick((0, 1, 5, 300, 900)), played_seconds=1200 * share)


def _retract(pick: Pick) -> Step:
    return Retract(pick(CDUIDS), pick((0, 0, 1, 2, 3, 5, *Target)), pick(SLOTS_AGO))


def _dismiss(pick: Pick) -> Step:
    return Dismiss(pick(CDUIDS), pick((*ITEMS, *GHOSTS)), pick(SLOTS_AGO))


def _recall(pick: Pick) -> Step:
    return Recall(pick(CDUIDS), pick((*ITEMS, *GHOSTS)), pick(SLOTS_AGO))


def _restart(pick: Pick) -> Step:
    return Restart(pick(CDUIDS), pick(RESTARTABLE), pick(SLOTS_AGO))


def _link(pick: Pick) -> Step:
    item = pick(LEAVES)
    return Link(item, pick(TWINS[item]))


def _unlink(pick: Pick) -> Step:
    return Unlink(pick(LEAVES))


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
            runtime_seconds=pick(RUNTIMES_SECONDS) if is_watchable(item) else None,
            released_at=_released(pick) if is_watchable(item) else None,
            tracks_progress=pick((None, True, False)) if source else None,
        ),
    )


def _released(pick: Pick) -> datetime | None:
    """Nobody knows, or it is out, or comes out while a life lasts, or after it."""
    return pick(RELEASED)


def _hide(pick: Pick) -> Step:
    return Hide(pick(ITEMS))


def _restore(pick: Pick) -> Step:
    return Restore(pick(ITEMS))


def _resubmit(pick: Pick) -> Step:
    return Resubmit(pick(range(8)), pick((None, None, *GHOSTS)), pick((None, None, *CDUIDS)))


def _change_mode(pick: Pick) -> Step:
    return ChangeMode(pick(CDUIDS), pick(tuple(IsolationMode)))


def _reassign(pick: Pick) -> Step:
    return Reassign(pick(CDUIDS), pick(USERS))


def _retire(pick: Pick) -> Step:
    return Retire(pick(CDUIDS))


def _change_access(pick: Pick) -> Step:
    return ChangeAccess(pick(USERS), pick(LIMITS))


_WEIGHTS: dict[Callable[[Pick], Step], int] = {
    _watch: 8,
    _unwatch: 4,
    _progress: 5,
    _finish: 3,
    _credits: 3,
    _put: 5,
    _move: 3,
    _describe: 3,
    _hide: 1,
    _restore: 1,
    _link: 2,
    _unlink: 1,
    _retract: 2,
    _dismiss: 2,
    _recall: 1,
    _restart: 2,
    _resubmit: 1,
    _change_mode: 2,
    _reassign: 1,
    _retire: 1,
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
