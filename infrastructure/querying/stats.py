"""Statistics: time watched, plays and marks, added up by hour, day, week, item, show, device, ….

What was counted by quarter hours in UTC is put together by the clock of any time zone: a day has 23
or 25 hours where clocks were changed, and the hour that comes twice then is two. Hidden items are
counted as others are (rule 5), what is withheld from a viewer isn't (rule 15).
"""

from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Connection
from typing_extensions import TypedDict

from domain.catalog import Catalog
from domain.directory import Directory
from domain.instants import from_us, to_us
from domain.items import Kind, kind_of
from domain.viewer import Viewer
from domain.watch_time import quarter_of
from infrastructure.querying import moments
from projections.stats import DATED, UNDATED, Counted, Rows, Span, counted

_SECOND_US = 1_000_000
_ZONE_WANTED = "send a name such as Europe/Berlin, or UTC"


class By(StrEnum):
    """What statistics are put together by."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    WEEKDAY_HOUR = "weekday_hour"
    ITEM = "item"
    SHOW = "show"
    KIND = "kind"
    DEVICE = "device"
    USER = "user"


class Misasked(Exception):
    """A parameter of statistics that can't be used, by its name, and what to send."""

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__(f"{parameter} {detail}")
        self.parameter = parameter
        self.detail = detail


def zone_of(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Raises Misasked."""
    if name not in _zones():
        raise Misasked("time_zone", f"isn't a time zone that is known; {_ZONE_WANTED}")
    return ZoneInfo(name)


@cache
def _zones() -> frozenset[str]:
    # A name that isn't listed could be a path, or count leap seconds.
    return frozenset(available_timezones())


def span_of(since: str | None, until: str | None, zone: ZoneInfo) -> Span:
    """The quarter hours that a span touches; days are those of the zone. Raises Misasked."""
    start_us = None if since is None else _asked("since", since, zone, moments.beginning)
    end_us = None if until is None else _asked("until", until, zone, moments.end)
    if start_us is not None and end_us is not None and start_us >= end_us:
        raise Misasked("since", "isn't before until; send the earlier of the two as since")
    return Span(
        DATED.since_us if start_us is None else max(DATED.since_us, quarter_of(start_us)),
        DATED.until_us if end_us is None else end_us,
    )


def month_of(month: str, zone: ZoneInfo) -> Span:
    """The quarter hours of a month of the zone, given as in 2026-11."""
    year, number = map(int, month.split("-"))
    last = monthrange(year, number)[1]
    return span_of(f"{month}-01", f"{month}-{last}", zone)


def _asked(name: str, text: str, zone: ZoneInfo, read: Callable[[str, ZoneInfo], datetime]) -> int:
    try:
        return to_us(read(text, zone))
    except ValueError as error:
        raise Misasked(name, str(error)) from None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: by what, by which clock, which span, and of what; None is all."""

    by: By
    zone: ZoneInfo
    span: Span
    of: str | None = None


@dataclass(slots=True)
class Sums:
    """Microseconds watched, plays and marks."""

    watched_us: int = 0
    plays: int = 0
    marks: int = 0

    def add(self, other: Counted) -> None:
        self.watched_us += other.watched_us
        self.plays += other.plays
        self.marks += other.marks


class Group(NamedTuple):
    """What is added up under a key; groups of time come by their rank."""

    rank: int
    key: str


Order = tuple[int, int, int, str]
"""What rows are sorted by: time as it goes on, everything else by what was watched most."""


class StatRow(NamedTuple):
    order: Order
    key: str
    title: str | None
    sums: Sums


class Stats(NamedTuple):
    """All rows in order, their total, and what nobody knows when it was, which is in no row."""

    rows: list[StatRow]
    total: Sums
    undated: Sums


class SumsShown(TypedDict):
    watched_seconds: float
    plays: int
    marks: int


class StatShown(SumsShown):
    """A row. `key` is the hour, day, item, device, … that it adds up; `title` its name, if any."""

    key: str
    title: str | None


def sums_shown(sums: Sums) -> SumsShown:
    return {
        "watched_seconds": sums.watched_us / _SECOND_US,
        "plays": sums.plays,
        "marks": sums.marks,
    }


def stat_shown(row: StatRow) -> StatShown:
    return {"key": row.key, "title": row.title, **sums_shown(row.sums)}


def all_stats(
    connection: Connection, directory: Directory, question: Question, user: str | None = None
) -> Stats:
    """Statistics of everybody, or of one user over all device users, whatever their modes."""
    cduids = None if user is None else directory.cduids(user)
    return _stats(connection, directory, question, cduids, None)


def viewers_stats(
    connection: Connection, directory: Directory, question: Question, viewer: Viewer
) -> Stats:
    """Statistics of what a viewer sees: its watch group's, and no more than rule 15 lets it."""
    access, catalog = viewer.access, viewer.catalog
    is_shown = (lambda item: access.permits(catalog, item)) if access.is_limited else None
    return _stats(connection, directory, question, viewer.cduids, is_shown)


def _stats(
    connection: Connection,
    directory: Directory,
    question: Question,
    cduids: Iterable[str] | None,
    is_shown: Callable[[str], bool] | None,
) -> Stats:
    catalog = directory.catalog
    rows = Rows(
        question.span,
        None if cduids is None else list(cduids),
        None if question.of is None else catalog.leaves_at(question.of),
    )
    column, group_of = _grouping(question, directory)
    shown = {"item"} if is_shown else set[str]()
    found: dict[Group, Sums] = {}
    total, undated = Sums(), Sums()
    permits = lru_cache(maxsize=None)(is_shown) if is_shown else None
    for each in counted(connection, {column, *shown}, rows):
        if permits is None or permits(each.item or ""):
            found.setdefault(group_of(each), Sums()).add(each)
            total.add(each)
    for each in counted(connection, shown, rows._replace(span=UNDATED)):
        if permits is None or permits(each.item or ""):
            undated.add(each)
    return Stats(_in_order(question.by, found, directory), total, undated)


def _in_order(by: By, found: dict[Group, Sums], directory: Directory) -> list[StatRow]:
    rows = [
        StatRow(_order(by, group, sums), group.key, _title(by, group.key, directory), sums)
        for group, sums in found.items()
    ]
    return sorted(rows, key=lambda row: row.order)


def _order(by: By, group: Group, sums: Sums) -> Order:
    if by in _CLOCKS:
        return group.rank, 0, 0, group.key
    return -sums.watched_us, -sums.plays, -sums.marks, group.key


def _title(by: By, key: str, directory: Directory) -> str | None:
    if by in {By.ITEM, By.SHOW}:
        node = directory.catalog.nodes.get(key)
        return None if node is None else node.details.title
    if by is By.DEVICE:
        device = directory.devices[key]
        return device.display_name or device.reported_name
    return None


def _grouping(question: Question, directory: Directory) -> tuple[str, Callable[[Counted], Group]]:
    """The column that a grouping is made from, and the group of what is counted by it."""
    by, users = question.by, directory.device_users
    if by in _CLOCKS:
        clock, zone = _CLOCKS[by], question.zone
        return "quarter_us", lambda each: clock(from_us(each.quarter_us or 0).astimezone(zone))
    if by in {By.DEVICE, By.USER}:
        return "cduid", lambda each: Group(0, getattr(users[each.cduid or ""], by))
    item_group = _ITEM_GROUPS[by]
    return "item", lambda each: Group(0, item_group(directory.catalog, each.item or ""))


def _hour(at: datetime) -> Group:
    # What an offset makes of an hour that comes twice, or is cut short, is an hour of its own.
    into_us = (at.minute * 60 + at.second) * _SECOND_US
    return Group(to_us(at) - into_us, f"{at:%Y-%m-%dT%H}:00:00{at.isoformat()[19:]}")


def _day(at: datetime) -> Group:
    return Group(at.toordinal(), f"{at.date()}")


def _week(at: datetime) -> Group:
    year, week, _ = at.isocalendar()
    return Group(year * 100 + week, f"{year:04}-W{week:02}")


def _month(at: datetime) -> Group:
    return Group(at.year * 100 + at.month, f"{at.year:04}-{at.month:02}")


def _year(at: datetime) -> Group:
    return Group(at.year, f"{at.year:04}")


def _weekday_hour(at: datetime) -> Group:
    return Group(at.isoweekday() * 100 + at.hour, f"{at.isoweekday()}-{at.hour:02}")


_CLOCKS: dict[By, Callable[[datetime], Group]] = {
    By.HOUR: _hour,
    By.DAY: _day,
    By.WEEK: _week,
    By.MONTH: _month,
    By.YEAR: _year,
    By.WEEKDAY_HOUR: _weekday_hour,
}


def _itself(_: Catalog, item: str) -> str:
    return item


def _show_of(catalog: Catalog, item: str) -> str:
    """The show that an episode stands in now; a movie or streamable itself."""
    shows = (above for above, _ in catalog.above(item) if kind_of(above) is Kind.SHOW)
    return next(shows, item)


def _kind_of(_: Catalog, item: str) -> str:
    return kind_of(item)


_ITEM_GROUPS: dict[By, Callable[[Catalog, str], str]] = {
    By.ITEM: _itself,
    By.SHOW: _show_of,
    By.KIND: _kind_of,
}
