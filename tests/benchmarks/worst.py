"""What the worst page that one device can send costs beside an ordinary one.

It marks whole shelves, watched and unwatched by turns, so that each event speaks about thousands of
items; or as late as it can, so that all of them have to be heard anew.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice
from statistics import median

from domain.policy import Policy
from infrastructure.ledger.entries import Entry
from infrastructure.projecting.projector import Projector
from tests.benchmarks.databases import new_ledger
from tests.benchmarks.filling import fill
from tests.benchmarks.harness import Bench, Line, seconds, within
from tests.benchmarks.mix import AFTERWARDS, Device, Mix, Submissions

_PAGE = 5_000
_TIMES_MAX = 20
_WORST = Device("worst", "worst")

Marks = Callable[[Mix], Iterator[Entry]]


def _alternating(mix: Mix) -> Iterator[Entry]:
    submissions = Submissions(seed=3)
    shelves = mix.catalog.containers[:2]
    for number in range(_PAGE):
        say = submissions.watch if number % 2 else submissions.unwatch
        yield say(_WORST, shelves[number % 4 // 2])


def _late(mix: Mix) -> Iterator[Entry]:
    """Half of it watches movies one by one; all that follows was said before that."""
    afterwards = Submissions(seed=4, begin=AFTERWARDS)
    for movie in mix.catalog.movies[: _PAGE // 2]:
        yield afterwards.watch(_WORST, movie)
    yield from islice(_alternating(mix), _PAGE // 2)


def _times_an_ordinary_page(bench: Bench, marks: Marks) -> float:
    ratios = [_ratio(bench, marks) for _ in range(bench.sizes.rounds)]
    return median(ratios)


def _ratio(bench: Bench, marks: Marks) -> float:
    mix = Mix()
    engine = new_ledger(bench.database)
    bench.stack.callback(engine.dispose)
    settings = [*mix.settings, _WORST.registered_entry()]
    fill(engine, chain(settings, islice(mix.activity(), 2 * _PAGE), marks(mix)))
    Projector(engine, Policy(), page_size=len(settings)).project_page()
    projector = Projector(engine, Policy(), page_size=_PAGE)
    projector.project_page()  # which warms it up
    ordinary_seconds = seconds(projector.project_page)
    return seconds(projector.project_page) / ordinary_seconds


LINES: tuple[Line, ...] = (
    within(
        "a page of marks on shelves / an ordinary one",
        partial(_times_an_ordinary_page, marks=_alternating),
        _TIMES_MAX,
    ),
    within(
        "a page of marks on shelves that come late / an ordinary one",
        partial(_times_an_ordinary_page, marks=_late),
        _TIMES_MAX,
    ),
)
