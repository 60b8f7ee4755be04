"""What really goes on, made from a seed: a catalog, people with devices, and what these report.

The same seed gives the same events, whatever is measured with them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from random import Random
from uuid import UUID

from domain.events import (
    CATALOG_STREAM,
    Activity,
    Details,
    DeviceUserRegistered,
    IsolationMode,
    ItemPlaced,
    ItemUnwatched,
    ItemWatched,
    ProgressReported,
    device_user_stream,
)
from infrastructure.ledger.entries import Entry

TICKS = 20
_PLAYERS = 32
_DEVICES = 1_000
_MOVIES, _SHOWS, _SEASONS, _EPISODES = 9_742, 20, 115, 2_176
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
AFTERWARDS = _BEGIN + timedelta(days=30)
"""When all that is ever made from one seed has happened."""
_MODES = (*[IsolationMode.LOUD] * 9, IsolationMode.QUIET, IsolationMode.SHOUT, IsolationMode.SILO)


@dataclass(frozen=True, slots=True)
class Catalog:
    """12,055 items: a shelf of movies, a shelf of shows with seasons and episodes."""

    entries: list[Entry]
    movies: list[str]
    episodes: list[str]
    containers: list[str]


def catalog() -> Catalog:
    shows = [f"show:{n}" for n in range(_SHOWS)]
    seasons = [f"season:{n}" for n in range(_SEASONS)]
    movies = [f"movie:{n}" for n in range(_MOVIES)]
    episodes = [f"episode:{n}" for n in range(_EPISODES)]
    placed = [placed_entry("movie_shelf:movies"), placed_entry("show_shelf:tv")]
    placed += [placed_entry(show, "show_shelf:tv") for show in shows]
    placed += [placed_entry(season, shows[n % _SHOWS], n) for n, season in enumerate(seasons)]
    placed += [placed_entry(each, seasons[n % _SEASONS], n) for n, each in enumerate(episodes)]
    placed += [placed_entry(movie, "movie_shelf:movies", n) for n, movie in enumerate(movies)]
    containers = ["movie_shelf:movies", "show_shelf:tv", *shows, *seasons]
    return Catalog(placed, movies, episodes, containers)


def placed_entry(item: str, parent: str | None = None, index: int = 0) -> Entry:
    runtime_seconds = {"movie": 6000.0, "episode": 2520.0}.get(item.partition(":")[0])
    details = Details(index=index, title=f"The one called {item}", runtime_seconds=runtime_seconds)
    return Entry(CATALOG_STREAM, ItemPlaced(item=item, parent=parent, details=details))


@dataclass(frozen=True, slots=True)
class Device:
    cduid: str
    user: str
    mode: IsolationMode = IsolationMode.LOUD

    def registered_entry(self) -> Entry:
        event = DeviceUserRegistered(user=self.user, device=self.cduid, isolation_mode=self.mode)
        return Entry(device_user_stream(self.cduid), event, user=self.user)


class Submissions:
    """Makes what devices submit, each later than the one before, from `begin` on."""

    def __init__(self, seed: int = 0, begin: datetime = _BEGIN) -> None:
        self.chance = Random(seed)  # noqa: S311  # it makes examples
        self._now = begin

    def progress(self, device: Device, item: str, tick: int) -> Entry:
        duration_seconds = 6000.0 if item.startswith("movie:") else 2520.0
        played_seconds = duration_seconds * (tick + 1) / TICKS
        return self._entry(
            device,
            ProgressReported(
                item=item,
                occurred_at=self._later(),
                played_seconds=played_seconds,
                duration_seconds=duration_seconds,
            ),
        )

    def watch(self, device: Device, item: str) -> Entry:
        return self._entry(device, ItemWatched(item=item, occurred_at=self._later()))

    def unwatch(self, device: Device, item: str) -> Entry:
        return self._entry(device, ItemUnwatched(item=item, occurred_at=self._later()))

    def _later(self) -> datetime:
        self._now += timedelta(seconds=0.01 + 0.1 * self.chance.random())
        return self._now

    def _entry(self, device: Device, event: Activity) -> Entry:
        submission_id = UUID(int=self.chance.getrandbits(128), version=4)
        return Entry(device_user_stream(device.cduid), event, submission_id, device.user)


class Mix:
    """A thousand devices of some 400 people, of whom several play at once.

    Nine events of ten are a player's progress, in order, some twenty to a viewing; 8 % watch and
    2 % unwatch, one in twenty of these on a container.
    """

    def __init__(self, seed: int = 0) -> None:
        self.catalog = catalog()
        chance = Random(seed)  # noqa: S311  # it makes examples
        self.devices: list[Device] = []
        while len(self.devices) < _DEVICES:
            user = f"user{len(self.devices)}"
            for number in range(chance.choice((1, 2, 3, 4))):
                self.devices.append(Device(f"{user}-{number}", user, chance.choice(_MODES)))
        del self.devices[_DEVICES:]
        self._seed = seed

    @cached_property
    def settings(self) -> list[Entry]:
        """The catalog and the devices: what stands in the ledger before anything happens."""
        return [*self.catalog.entries, *(device.registered_entry() for device in self.devices)]

    def activity(self, devices: Sequence[Device] = ()) -> Iterator[Entry]:
        """What happens, without end; on these devices only, or on all."""
        submissions, among = Submissions(self._seed), devices or self.devices
        chance = submissions.chance
        playing = [self._viewing(submissions, among) for _ in range(_PLAYERS)]
        while True:
            if chance.random() >= 0.9:
                yield self._mark(submissions, among)
                continue
            player = chance.randrange(_PLAYERS)
            entry = next(playing[player], None)
            if entry is None:
                playing[player] = self._viewing(submissions, among)
                entry = next(playing[player])
            yield entry

    def _viewing(self, submissions: Submissions, devices: Sequence[Device]) -> Iterator[Entry]:
        device, item = submissions.chance.choice(devices), self._leaf(submissions.chance)
        return (submissions.progress(device, item, tick) for tick in range(TICKS))

    def _mark(self, submissions: Submissions, devices: Sequence[Device]) -> Entry:
        chance = submissions.chance
        device = chance.choice(devices)
        is_container = chance.random() < 0.05
        item = chance.choice(self.catalog.containers) if is_container else self._leaf(chance)
        say = submissions.watch if chance.random() < 0.8 else submissions.unwatch
        return say(device, item)

    def _leaf(self, chance: Random) -> str:
        is_movie = chance.random() < 0.3
        return chance.choice(self.catalog.movies if is_movie else self.catalog.episodes)
