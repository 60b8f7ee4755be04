"""Statistics put together from quarter hours, by any clock and by what was watched."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from domain.events import AccessChanged, IsolationMode
from domain.instants import to_us
from domain.values import UNDATED_AT_US
from domain.watch_time import QUARTER_US, quarter_of
from infrastructure.database.engine import write_transaction
from infrastructure.querying.stats import (
    By,
    Misasked,
    Question,
    Stats,
    all_stats,
    month_of,
    span_of,
    viewers_stats,
    zone_of,
)
from projections.bulk import insert_rows
from projections.projection import live_table
from projections.stats import DATED, PlayTime, WatchTimeRow
from tests.helpers.stage import Stage
from tests.reference.examples import ALIEN, BOB, E1, E2, NEWS, PHONE, SHOW, TV, put
from tests.reference.steps import ChangeAccess, ChangeMode, Hide, Progress

MINUTE_US = 60_000_000


def at(text: str) -> int:
    return to_us(datetime.fromisoformat(text).replace(tzinfo=UTC))


def watched(stage: Stage, *rows: tuple[str, str, str, int]) -> None:
    """Minutes that a cduid watched an item in the quarter hour that begins at a time in UTC."""
    with write_transaction(stage.engine) as connection:
        found = [(*key, at(time), each * MINUTE_US) for *key, time, each in rows]
        insert_rows(connection, live_table(WatchTimeRow), found)


def played(stage: Stage, *rows: tuple[str, str, str | None, int, int]) -> None:
    """The plays and marks of a cduid on an item, by quarter hour; undated where there is none."""
    with write_transaction(stage.engine) as connection:
        found = [
            (cduid, item, quarter_of(at(time) if time else UNDATED_AT_US), plays, marks)
            for cduid, item, time, plays, marks in rows
        ]
        insert_rows(connection, live_table(PlayTime), found)


def question(
    by: By,
    zone: str = "UTC",
    since: str | None = None,
    until: str | None = None,
    of: str | None = None,
) -> Question:
    return Question(by, zone_of(zone), span_of(since, until, zone_of(zone)), of)


def of_all(stage: Stage, asked: Question, user: str | None = None) -> Stats:
    with stage.reader.snapshot() as snapshot:
        return all_stats(snapshot.connection, snapshot.directory, asked, user)


def of_viewer(stage: Stage, cduid: str, asked: Question) -> Stats:
    with stage.reader.snapshot() as snapshot:
        viewer = snapshot.viewer(cduid)
        return viewers_stats(snapshot.connection, snapshot.directory, asked, viewer)


def minutes(found: Stats) -> list[tuple[str, int]]:
    return [(row.key, row.sums.watched_us // MINUTE_US) for row in found.rows]


@pytest.fixture
def stage(engine: Engine) -> Stage:
    found = Stage(engine)
    # Each registers by a progress so small that it is nothing.
    registered = [Progress(cduid, E1, played_seconds=0.0) for cduid in (TV, PHONE, BOB)]
    found.tell(*put(E1, E2, ALIEN, NEWS), *registered)
    return found


def test_before_anything_was_watched_there_is_nothing(stage: Stage) -> None:
    found = of_all(stage, question(By.DAY))
    assert found.rows == []
    assert (found.total.watched_us, found.undated.plays) == (0, 0)


@pytest.mark.parametrize(
    ("by", "zone", "expected"),
    [
        (By.HOUR, "UTC", [("2026-10-25T00:00:00+00:00", 25), ("2026-10-25T01:00:00+00:00", 10)]),
        (
            By.HOUR,
            "Europe/Berlin",
            [("2026-10-25T02:00:00+02:00", 25), ("2026-10-25T02:00:00+01:00", 10)],
        ),
        (
            By.HOUR,
            "Asia/Kolkata",
            [
                ("2026-10-25T05:00:00+05:30", 10),
                ("2026-10-25T06:00:00+05:30", 25),
            ],
        ),
        (
            By.HOUR,
            "Asia/Kathmandu",
            [("2026-10-25T06:00:00+05:45", 25), ("2026-10-25T07:00:00+05:45", 10)],
        ),
        (By.DAY, "UTC", [("2026-10-25", 35)]),
        (By.DAY, "America/New_York", [("2026-10-24", 35)]),
        (By.WEEK, "UTC", [("2026-W43", 35)]),
        (By.WEEK, "Pacific/Kiritimati", [("2026-W43", 35)]),
        (By.MONTH, "UTC", [("2026-10", 35)]),
        (By.YEAR, "UTC", [("2026", 35)]),
        (By.WEEKDAY_HOUR, "UTC", [("7-00", 25), ("7-01", 10)]),
        (By.WEEKDAY_HOUR, "Europe/Berlin", [("7-02", 35)]),
        (By.WEEKDAY_HOUR, "America/New_York", [("6-20", 25), ("6-21", 10)]),
    ],
)
def test_time_is_put_together_by_the_clock_of_any_zone(
    stage: Stage, by: By, zone: str, expected: list[tuple[str, int]]
) -> None:
    """In the night in which Berlin's clocks go back: the hour from 2 to 3 comes twice."""
    watched(
        stage,
        (TV, E1, "2026-10-25T00:15:00", 10),
        (TV, E1, "2026-10-25T00:30:00", 15),
        (PHONE, E2, "2026-10-25T01:15:00", 10),
    )
    assert minutes(of_all(stage, question(by, zone))) == expected


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-03-30", 24), ("2026-10-25", 25)]
)
def test_a_day_has_as_many_hours_as_its_zone_gives_it(stage: Stage, day: str, hours: int) -> None:
    start_us = at(f"{day}T00:00:00") - 12 * 4 * QUARTER_US
    with write_transaction(stage.engine) as connection:
        rows = [
            (TV, E1, start_us + number * QUARTER_US, 15 * MINUTE_US) for number in range(48 * 4)
        ]
        insert_rows(connection, live_table(WatchTimeRow), rows)
    asked = question(By.DAY, "Europe/Berlin", day, day)
    assert minutes(of_all(stage, asked)) == [(day, hours * 60)]
    by_hour = of_all(stage, question(By.HOUR, "Europe/Berlin", day, day))
    assert [each for _, each in minutes(by_hour)] == [60] * hours
    assert len({row.key for row in by_hour.rows}) == hours


def test_a_span_takes_the_quarter_hours_that_it_touches(stage: Stage) -> None:
    watched(
        stage,
        (TV, E1, "2026-01-01T11:45:00", 1),
        (TV, E1, "2026-01-01T12:00:00", 2),
        (TV, E1, "2026-01-01T12:15:00", 4),
    )

    def total(since: str | None, until: str | None) -> int:
        found = of_all(stage, question(By.DAY, "UTC", since, until))
        return found.total.watched_us // MINUTE_US

    assert total("2026-01-01T12:00:00Z", "2026-01-01T12:15:00Z") == 2
    assert total("2026-01-01T12:14:00Z", None) == 6
    assert total("2026-01-01T12:10:00Z", "2026-01-01T12:16:00Z") == 6
    assert total(None, "2026-01-01T12:00:00Z") == 1
    assert total("2026-01-02", None) == total(None, "2025-12-31") == 0


def test_a_month_is_the_zones(stage: Stage) -> None:
    watched(
        stage,
        (TV, E1, "2026-01-31T23:00:00", 1),
        (TV, E1, "2026-02-28T22:45:00", 2),
        (TV, E1, "2026-02-28T23:00:00", 4),
    )
    zone = zone_of("Europe/Berlin")
    asked = Question(By.MONTH, zone, month_of("2026-02", zone))
    assert minutes(of_all(stage, asked)) == [("2026-02", 3)]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (By.ITEM, [(NEWS, 9, 0, 0), (E2, 5, 0, 2), (E1, 4, 1, 0), (ALIEN, 0, 2, 1)]),
        (By.SHOW, [(SHOW, 9, 1, 2), (NEWS, 9, 0, 0), (ALIEN, 0, 2, 1)]),
        (By.KIND, [("episode", 9, 1, 2), ("streamable", 9, 0, 0), ("movie", 0, 2, 1)]),
        (By.USER, [("ann", 16, 3, 1), ("bob", 2, 0, 2)]),
    ],
)
def test_what_was_watched_most_comes_first(
    stage: Stage, by: By, expected: list[tuple[str, int, int, int]]
) -> None:
    watched(
        stage,
        (TV, E1, "2026-01-01T12:00:00", 4),
        (PHONE, E2, "2026-02-01T12:00:00", 3),
        (BOB, E2, "2026-02-01T12:00:00", 2),
        (TV, NEWS, "2026-03-01T12:00:00", 9),
    )
    played(
        stage,
        (TV, E1, "2026-01-01T12:00:00", 1, 0),
        (PHONE, ALIEN, "2026-01-01T12:00:00", 2, 1),
        (BOB, E2, "2026-01-01T12:00:00", 0, 2),
    )
    found = of_all(stage, question(by))
    told = [
        (row.key, row.sums.watched_us // MINUTE_US, row.sums.plays, row.sums.marks)
        for row in found.rows
    ]
    assert told == expected
    assert (found.total.watched_us, found.total.plays, found.total.marks) == (18 * MINUTE_US, 3, 3)


def test_a_device_is_that_of_all_its_users(stage: Stage) -> None:
    watched(stage, (TV, E1, "2026-01-01T12:00:00", 4), (BOB, E1, "2026-01-01T12:00:00", 3))
    with stage.reader.snapshot() as snapshot:
        users = snapshot.directory.device_users
        devices = {users[TV].device: 4}
        devices[users[BOB].device] = devices.get(users[BOB].device, 0) + 3
    assert dict(minutes(of_all(stage, question(By.DEVICE)))) == devices


def test_what_is_undated_is_counted_apart(stage: Stage) -> None:
    played(stage, (TV, ALIEN, None, 1, 1), (TV, E1, "2026-01-01T12:00:00", 1, 1))
    for asked in (question(By.YEAR), question(By.YEAR, "Europe/Berlin", "1900-01-01")):
        found = of_all(stage, asked)
        assert [row.key for row in found.rows] == ["2026"]
        assert (found.total.plays, found.undated.plays, found.undated.marks) == (1, 1, 1)
    assert of_all(stage, question(By.YEAR, of=E1)).undated.plays == 0


def test_it_is_asked_of_a_user_and_of_what_stands_under_an_item(stage: Stage) -> None:
    rows: Sequence[tuple[str, str, str, int]] = [
        (TV, E1, "2026-01-01T12:00:00", 1),
        (PHONE, ALIEN, "2026-01-01T12:00:00", 2),
        (BOB, E2, "2026-01-01T12:00:00", 4),
    ]
    watched(stage, *rows)
    assert minutes(of_all(stage, question(By.YEAR), "ann")) == [("2026", 3)]
    assert minutes(of_all(stage, question(By.YEAR), "nobody")) == []
    assert minutes(of_all(stage, question(By.YEAR, of=SHOW))) == [("2026", 5)]
    assert minutes(of_all(stage, question(By.YEAR, of=ALIEN))) == [("2026", 2)]
    assert minutes(of_all(stage, question(By.YEAR, of="show:unheard"))) == []


def test_a_viewer_has_those_of_its_watch_group(stage: Stage) -> None:
    watched(
        stage,
        (TV, E1, "2026-01-01T12:00:00", 1),
        (PHONE, E1, "2026-01-01T12:00:00", 2),
        (BOB, E1, "2026-01-01T12:00:00", 4),
    )
    asked = question(By.YEAR)
    assert minutes(of_viewer(stage, TV, asked)) == [("2026", 3)]
    stage.tell(ChangeMode(PHONE, IsolationMode.SILO))
    assert minutes(of_viewer(stage, TV, asked)) == [("2026", 1)]
    assert minutes(of_viewer(stage, PHONE, asked)) == [("2026", 2)]
    assert minutes(of_all(stage, asked, "ann")) == [("2026", 3)]


def test_a_viewer_has_what_is_hidden_and_not_what_is_withheld(stage: Stage) -> None:
    watched(
        stage,
        (TV, E1, "2026-01-01T12:00:00", 1),
        (TV, ALIEN, "2026-01-01T12:15:00", 2),
        (TV, "movie:unheard", "2026-01-01T12:30:00", 4),
    )
    played(stage, (TV, ALIEN, None, 1, 1), (TV, E1, None, 1, 0))
    stage.tell(Hide(E1))
    asked = question(By.YEAR)
    assert minutes(of_viewer(stage, TV, asked)) == [("2026", 7)]
    stage.tell(ChangeAccess("ann", AccessChanged(allowed_shelves=("show_shelf:tv",))))
    found = of_viewer(stage, TV, asked)
    assert minutes(found) == [("2026", 1)]
    assert (found.undated.plays, found.undated.marks) == (1, 0)
    assert [row.key for row in of_viewer(stage, TV, question(By.ITEM)).rows] == [E1]
    assert minutes(of_all(stage, asked)) == [("2026", 7)]


@pytest.mark.parametrize(
    "name",
    ["", "Berlin", "europe/berlin", "+02:00", "2", "../UTC", "/etc/passwd", "right/UTC", "Europe"],
)
def test_what_is_no_time_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(Misasked, match=r"time_zone isn't .* send a name such as Europe/Berlin"):
        zone_of(name)


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        ("2026", None, "since isn't understood; send a time such as"),
        ("1769890500", None, "since isn't understood; send a time such as"),
        (None, "7", "until isn't understood; send a time such as"),
        (None, "2026-02-30", "until names a day or an hour that there isn't"),
        ("2026-01-31T20:15:00", None, "since has no time zone"),
        ("1899-12-31", None, "since lies outside the years"),
        ("2026-02-02", "2026-02-01", "since isn't before until; send the earlier"),
        ("2026-02-01T10:00:00Z", "2026-02-01T10:00:00Z", "since isn't before until"),
    ],
)
def test_what_is_no_span_is_refused_by_name(
    since: str | None, until: str | None, message: str
) -> None:
    with pytest.raises(Misasked, match=message):
        span_of(since, until, zone_of("UTC"))


def test_a_day_is_the_zones_from_its_first_instant_to_its_last() -> None:
    cairo = zone_of("Africa/Cairo")  # 2026-04-24 begins at one o'clock there
    assert span_of("2026-04-24", "2026-04-24", cairo) == (
        at("2026-04-23T22:00:00"),
        at("2026-04-24T21:00:00"),
    )
    tokyo = zone_of("Asia/Tokyo")  # whose 1900 begins in UTC's 1899
    assert span_of("1900-01-01", None, tokyo) == DATED
