"""What is playing: the newest word of each player, and what ends it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from domain.catalog import Catalog
from domain.events import (
    Activity,
    ActivityRetracted,
    Details,
    ItemPlaced,
    ItemUnwatched,
    ItemWatched,
    PlayerState,
    ProgressReported,
    device_user_stream,
)
from domain.instants import from_us
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.entries import Append, Entry
from infrastructure.ledger.reader import head
from infrastructure.ledger.recorder import LedgerRecorder
from infrastructure.querying.now_playing import Playing, now_playing, reporting

MINUTE_US = 60_000_000
BEGIN_US = 1_700_000_000_000_000
E1, E2 = "episode:1", "episode:2"
PLAYING, PAUSED, STOPPED = PlayerState.PLAYING, PlayerState.PAUSED, PlayerState.STOPPED


class Player:
    """A device user that says things at minutes, and a ledger that takes them in at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._minute = 0.0
        self._ledger = LedgerRecorder(engine, lambda: at_us(self._minute))
        self.catalog = Catalog()

    def place(self, item: str, runtime_seconds: float | None) -> None:
        placed = ItemPlaced(item=item, details=Details(runtime_seconds=runtime_seconds))
        self.catalog.evolve(placed, 1, BEGIN_US)
        self._ledger.append([Append([Entry("catalog", placed)])])

    def say(
        self, minute: float, event: Activity, cduid: str = "tv", id_: UUID | None = None
    ) -> UUID:
        self._minute, submission_id = max(minute, self._minute), id_ or uuid4()
        entry = Entry(device_user_stream(cduid), event, submission_id, "ann")
        self._ledger.append([Append([entry])])
        return submission_id

    def report(
        self, minute: float, item: str, state: PlayerState | None, cduid: str = "tv"
    ) -> UUID:
        event = ProgressReported(
            item=item, played_seconds=60 * minute, duration_seconds=6_000.0, state=state
        )
        return self.say(minute, event, cduid)

    def now(self, minute: float, cduid: str = "tv") -> Playing | None:
        with read_transaction(self._engine) as connection:
            upto = head(connection).position
            return now_playing(connection, self.catalog, cduid, upto, at_us(minute))

    def reporting(self, minute: float) -> Sequence[str]:
        with read_transaction(self._engine) as connection:
            return reporting(connection, head(connection).position, at_us(minute))


def at_us(minute: float) -> int:
    return BEGIN_US + round(minute * MINUTE_US)


def instant(minute: float) -> datetime:
    return from_us(at_us(minute))


@pytest.fixture
def player(engine: Engine) -> Player:
    return Player(engine)


def test_the_newest_report_says_what_is_playing_and_the_first_since_when(player: Player) -> None:
    for minute in (0, 4, 13):
        player.report(minute, E1, PLAYING)
    assert player.now(14) == Playing("tv", E1, at_us(13), at_us(0), 780, 6_000, 0.13)


def test_a_player_that_was_never_heard_of_plays_nothing(player: Player) -> None:
    assert player.now(0) is None


def test_what_is_ten_minutes_old_is_over(player: Player) -> None:
    player.report(0, E1, PLAYING)
    assert player.now(10) is not None
    assert player.now(10.1) is None


def _paused(player: Player) -> None:
    player.report(2, E1, PAUSED)


def _stopped(player: Player) -> None:
    player.report(2, E1, STOPPED)


def _said_no_more(player: Player) -> None:
    player.report(2, E1, None)


def _watched(player: Player) -> None:
    player.say(2, ItemWatched(item=E1))


def _unwatched(player: Player) -> None:
    player.say(2, ItemUnwatched(item=E1))


def _went_to_something_else(player: Player) -> None:
    player.report(2, E2, PAUSED)


@pytest.mark.parametrize(
    "end",
    [_paused, _stopped, _said_no_more, _watched, _unwatched, _went_to_something_else],
)
def test_what_ends_it_on_the_same_device_user(
    player: Player, end: Callable[[Player], None]
) -> None:
    player.report(1, E1, PLAYING)
    end(player)
    assert player.now(3) is None


def test_what_does_not_end_it(player: Player) -> None:
    player.report(1, E1, PLAYING)
    player.say(2, ItemWatched(item=E2))
    player.say(2, ItemWatched(item=E1, occurred_at=instant(0)))
    player.say(2, ItemWatched(item=E1, undated=True))
    player.report(2, E1, STOPPED, cduid="phone")
    player.say(2, ItemWatched(item=E1), "phone")
    found = player.now(3)
    assert found is not None
    assert (found.item, found.since_us) == (E1, at_us(1))


def test_something_else_takes_its_place(player: Player) -> None:
    player.report(1, E1, PLAYING)
    player.report(2, E2, PLAYING)
    found = player.now(3)
    assert found is not None
    assert (found.item, found.since_us) == (E2, at_us(2))


@pytest.mark.parametrize(
    "between",
    [_paused, _stopped, _watched, _went_to_something_else],
)
def test_it_has_been_playing_since_it_went_on(
    player: Player, between: Callable[[Player], None]
) -> None:
    player.report(1, E1, PLAYING)
    between(player)
    player.report(3, E1, PLAYING)
    player.report(4, E1, PLAYING)
    found = player.now(5)
    assert found is not None
    assert found.since_us == at_us(3)


def test_a_silence_of_more_than_ten_minutes_is_a_break(player: Player) -> None:
    for minute in (0, 11, 20):
        player.report(minute, E1, PLAYING)
    found = player.now(21)
    assert found is not None
    assert found.since_us == at_us(11)


def test_nobody_looks_farther_back_than_six_hours(player: Player) -> None:
    for minute in range(0, 500, 8):
        player.report(minute, E1, PLAYING)
    found = player.now(500)
    assert found is not None
    assert found.since_us == at_us(144), "the first report within six hours of now"


def test_what_was_retracted_was_never_said(player: Player) -> None:
    player.report(1, E1, PLAYING)
    false = player.report(2, E2, PLAYING)
    player.report(3, E2, PAUSED)
    paused = player.report(4, E2, PLAYING)
    for each in (false, paused):
        player.say(5, ActivityRetracted(retracts=each))
    assert player.now(6) is None, "it was paused"


def test_a_retraction_may_come_first_and_claim_any_time(player: Player) -> None:
    promised = uuid4()
    player.say(0, ActivityRetracted(retracts=promised))
    player.report(1, E1, PLAYING)
    stopped = ProgressReported(item=E1, played_seconds=1.0, state=STOPPED)
    player.say(2, stopped, id_=promised)
    assert player.now(3) is not None
    other = player.report(4, E1, STOPPED)
    assert player.now(5) is None
    player.say(5, ActivityRetracted(retracts=other, occurred_at=instant(0)))
    assert player.now(6) is not None


def test_the_order_is_that_of_what_happened_and_not_of_arrival(player: Player) -> None:
    player.report(9, E1, PLAYING)
    late = ProgressReported(item=E2, played_seconds=1.0, state=STOPPED, occurred_at=instant(8))
    player.say(10, late)
    found = player.now(10)
    assert found is not None
    assert (found.item, found.since_us) == (E1, at_us(9))


def test_a_share_gives_seconds_where_the_running_time_is_known(player: Player) -> None:
    player.place("movie:m", 1_000.0)
    player.say(0, ProgressReported(item="movie:m", share=0.25, state=PLAYING))
    assert player.now(1) == Playing("tv", "movie:m", at_us(0), at_us(0), 250.0, 1_000.0, 0.25)
    player.say(1, ProgressReported(item=E1, share=0.5, state=PLAYING))
    assert player.now(1) == Playing("tv", E1, at_us(1), at_us(1), None, None, 0.5)
    player.say(2, ProgressReported(item=E2, played_seconds=30.0, state=PLAYING))
    assert player.now(2) == Playing("tv", E2, at_us(2), at_us(2), 30.0, None, None)


def test_players_that_report_lately_are_found_at_once(player: Player) -> None:
    player.report(0, E1, PLAYING, cduid="old")
    player.report(20, E1, PLAYING, cduid="tv")
    player.report(21, E1, STOPPED, cduid="phone")
    player.say(21, ItemWatched(item=E1), "remote")
    assert player.reporting(22) == ["phone", "tv"]
