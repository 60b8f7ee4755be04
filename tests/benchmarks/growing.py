"""What must cost the same however much there is: the largest held against the smallest.

Both stand in the same database, so that nothing but what grows differs between them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count, islice
from statistics import median

from sqlalchemy import Engine

from domain.policy import Policy
from infrastructure.ledger.entries import Append, Entry
from infrastructure.ledger.recorder import LedgerRecorder
from infrastructure.projecting.rebuilding.rebuild import Plan, projection_names, rebuild
from infrastructure.querying.reader import Reader
from tests.benchmarks.databases import new_ledger
from tests.benchmarks.filling import fill, projector_on, settle
from tests.benchmarks.harness import Bench, Line, flat, ratio, seconds
from tests.benchmarks.mix import AFTERWARDS, Device, Mix, Submissions, placed_entry
from tests.helpers.writing import writes_heard

_SMALL_HISTORY = 1_000
_APART = "movie:apart"
_FEW_MOVIES, _MANY_MOVIES, _SPARE_MOVIES = 100, 10_000, 1_000
_FEW_VIEWERS, _EPISODES = 10, 20
_TURN = 20
_ROUNDS = 2
"""How many times the usual rounds: these are short."""


class _Stage:
    """A ledger whose read models are up to date; events come one by one."""

    def __init__(self, bench: Bench, entries: Iterable[Entry]) -> None:
        self.engine: Engine = new_ledger(bench.database)
        bench.stack.callback(self.engine.dispose)
        fill(self.engine, entries)
        self.recorder = LedgerRecorder(self.engine)
        self.projector = projector_on(self.engine)
        rebuild(self.engine, Plan(projection_names([]), Policy()))
        settle(self.engine)

    def append(self, entry: Entry) -> None:
        self.recorder.append([Append([entry])])

    def projected(self, entry: Entry) -> float:
        """The seconds that it takes to project an event."""
        self.append(entry)
        return seconds(self.projector.catch_up)

    def forget(self) -> None:
        """Leave the projector with nothing of any viewer in memory, as at its start."""
        fold = self.projector._processor._fold
        assert fold is not None
        fold.tables.evict()


def _compared(
    bench: Bench, large: Callable[[], float], small: Callable[[], float], turn: int = _TURN
) -> float:
    """Largest over smallest, by the medians of a few at a time."""
    for warm_up in (large, small):
        warm_up()
    return ratio(
        lambda: median(large() for _ in range(turn)),
        lambda: median(small() for _ in range(turn)),
        _ROUNDS * bench.sizes.rounds,
    )


# A cduid's history.


@dataclass(frozen=True, slots=True)
class _Histories:
    """`ticks` come in order, `late_ticks` before a watch of the same movie, of which as much was
    said by either and above which nothing was said by anyone.
    """

    stage: _Stage
    large: Device
    small: Device
    ticks: Submissions
    late_ticks: Submissions

    def tick(self, device: Device) -> Entry:
        return self.ticks.progress(device, "episode:7", self.ticks.chance.randrange(20))

    def late_tick(self, device: Device) -> Entry:
        return self.late_ticks.progress(device, _APART, self.late_ticks.chance.randrange(20))


def _histories(bench: Bench) -> _Histories:
    mix = Mix()
    large, small = Device("large-tv", "large"), Device("small-tv", "small")
    afterwards = Submissions(seed=1, begin=AFTERWARDS)
    stage = _Stage(
        bench,
        chain(
            mix.catalog.entries,
            [placed_entry("movie_shelf:apart"), placed_entry(_APART, "movie_shelf:apart")],
            [large.registered_entry(), small.registered_entry()],
            islice(mix.activity([small]), _SMALL_HISTORY),
            islice(mix.activity([large]), bench.sizes.history_events),
            (afterwards.watch(device, _APART) for device in (large, small)),
        ),
    )
    return _Histories(stage, large, small, afterwards, Submissions(seed=1))


def _appending(bench: Bench) -> float:
    histories = bench.once(_histories)

    def append(device: Device) -> float:
        entry = histories.tick(device)
        return seconds(lambda: histories.stage.append(entry))

    return _compared(bench, lambda: append(histories.large), lambda: append(histories.small))


def _projecting(bench: Bench, *, is_late: bool) -> float:
    histories = bench.once(_histories)
    histories.stage.projector.catch_up()

    def project(device: Device) -> float:
        entry = histories.late_tick(device) if is_late else histories.tick(device)
        return histories.stage.projected(entry)

    return _compared(bench, lambda: project(histories.large), lambda: project(histories.small))


def _reading(bench: Bench) -> float:
    histories = bench.once(_histories)
    reader = Reader(histories.stage.engine)

    def read(device: Device) -> float:
        return seconds(lambda: _read_item(reader, device.cduid, "episode:7"))

    return _compared(bench, lambda: read(histories.large), lambda: read(histories.small))


def _read_item(reader: Reader, cduid: str, item: str) -> None:
    with reader.snapshot() as snapshot:
        viewer = snapshot.viewer(cduid)
        viewer.prefetch([item])
        assert viewer.answer(item) is not None


# Movies watched one by one.


@dataclass(frozen=True, slots=True)
class _Shelf:
    stage: _Stage
    large: Device
    small: Device
    says: Submissions
    spare: Iterator[str]


def _shelf(bench: Bench) -> _Shelf:
    says = Submissions()
    large, small = Device("large-tv", "large"), Device("small-tv", "small")
    movies = [f"movie:{n}" for n in range(_MANY_MOVIES + _SPARE_MOVIES)]
    stage = _Stage(
        bench,
        chain(
            [placed_entry("movie_shelf:movies")],
            (placed_entry(movie, "movie_shelf:movies") for movie in movies),
            [large.registered_entry(), small.registered_entry()],
            (says.watch(small, movie) for movie in movies[:_FEW_MOVIES]),
            (says.watch(large, movie) for movie in movies[:_MANY_MOVIES]),
        ),
    )
    return _Shelf(stage, large, small, says, iter(movies[_MANY_MOVIES:]))


def _one_more_movie(bench: Bench, *, is_cold: bool) -> float:
    shelf = bench.once(_shelf)

    def watch(device: Device) -> float:
        if is_cold:
            shelf.stage.forget()
        return shelf.stage.projected(shelf.says.watch(device, next(shelf.spare)))

    return _compared(bench, lambda: watch(shelf.large), lambda: watch(shelf.small))


# Viewers who have watched a whole show.


@dataclass(slots=True)
class _Shows:
    """Show 0 was watched by many, show 1 by few."""

    stage: _Stage
    numbers: Iterator[int]

    def place(self, show: int) -> float:
        item = f"episode:{next(self.numbers)}"
        return self.stage.projected(placed_entry(item, f"season:{show}"))

    def rows_written(self, show: int) -> int:
        return _rows_written(lambda: self.place(show))


def _shows(bench: Bench) -> _Shows:
    says, numbers = Submissions(), count()
    viewers = [Device(f"tv-{n}", f"user-{n}") for n in range(bench.sizes.viewers)]
    catalog = [placed_entry("show_shelf:tv")]
    for show in (0, 1):
        catalog += [placed_entry(f"show:{show}", "show_shelf:tv")]
        catalog += [placed_entry(f"season:{show}", f"show:{show}")]
        episodes = islice(numbers, _EPISODES)
        catalog += [placed_entry(f"episode:{n}", f"season:{show}") for n in episodes]
    stage = _Stage(
        bench,
        chain(
            catalog,
            (viewer.registered_entry() for viewer in viewers),
            (says.watch(viewer, "show:0") for viewer in viewers),
            (says.watch(viewer, "show:1") for viewer in viewers[:_FEW_VIEWERS]),
        ),
    )
    return _Shows(stage, numbers)


def _rows_written(work: Callable[[], object]) -> int:
    """How many rows a piece of work inserts, changes or deletes, the bookmark left out."""
    counts: list[int] = []
    with writes_heard(lambda _, rows: counts.append(rows)):
        work()
    return sum(counts)


def _rows_of_placing(bench: Bench) -> float:
    shows = bench.once(_shows)
    return shows.rows_written(0) / shows.rows_written(1)


def _placing(bench: Bench) -> float:
    shows = bench.once(_shows)
    return _compared(bench, lambda: shows.place(0), lambda: shows.place(1))


LINES: tuple[Line, ...] = (
    flat("an append, as a cduid's history grows", _appending),
    flat(
        "projecting one event, as a cduid's history grows", lambda b: _projecting(b, is_late=False)
    ),
    flat(
        "projecting a late event, as a cduid's history grows",
        lambda b: _projecting(b, is_late=True),
    ),
    flat("reading an item, as a cduid's history grows", _reading),
    flat(
        "one more movie, as those watched grow: warm", lambda b: _one_more_movie(b, is_cold=False)
    ),
    flat("one more movie, as those watched grow: cold", lambda b: _one_more_movie(b, is_cold=True)),
    flat("placing an episode, as its viewers grow: rows written", _rows_of_placing),
    flat("placing an episode, as its viewers grow: time", _placing),
)
