"""The command that counts: how long was watched, and how many plays and marks there were."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from domain.catalog import Catalog
from domain.placing import unknown_item
from domain.rejection import Refused
from infrastructure.cli.arguments import AsJson, id_option, item_option
from infrastructure.cli.console import print_json, print_table
from infrastructure.cli.options import takes_settings
from infrastructure.cli.reading import present, viewed
from infrastructure.cli.viewing import title_of
from infrastructure.querying.stats import (
    By,
    Misasked,
    Question,
    StatRow,
    Stats,
    Sums,
    all_stats,
    month_of,
    span_of,
    stat_shown,
    sums_shown,
    viewers_stats,
    zone_of,
)
from infrastructure.settings.settings import Settings

_is_month = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])").fullmatch
_MINUTE_US = 60_000_000


def _month(text: str) -> str:
    if not _is_month(text):
        raise typer.BadParameter(f"{text!r} is no month; send one such as 2026-11.")
    return text


def _time_option(name: str, text: str) -> Any:
    return typer.Option(name, metavar="TIME", help=text, show_default=False)


@takes_settings()
def stats(
    settings: Settings,
    *,
    by: Annotated[By, typer.Option(help="What is added up.")] = By.MONTH,
    user: Annotated[
        str | None, id_option("--user", "This user's only, over all device users.")
    ] = None,
    cduid: Annotated[
        str | None, id_option("--cduid", "What this device user sees, and no more.")
    ] = None,
    of: Annotated[
        str | None, item_option("--of", "Of this show, season, movie, … and what is under it.")
    ] = None,
    month: Annotated[
        str | None,
        typer.Option(
            parser=_month, metavar="YYYY-MM", help="This month's only.", show_default=False
        ),
    ] = None,
    since: Annotated[str | None, _time_option("--since", "From this time or day on.")] = None,
    until: Annotated[
        str | None, _time_option("--until", "Before this time, or to the end of this day.")
    ] = None,
    time_zone: Annotated[
        str, typer.Option(metavar="ZONE", help="By whose clock, such as Europe/Berlin.")
    ] = "UTC",
    as_json: AsJson = False,
) -> None:
    """Show time watched, plays and marks: by day, month, show, device, user, ….

    Days and months are those of the time zone. Weeks are as in 2026-W43, hours of the week as in
    7-20, Monday being 1. Marks of which nobody knows when are counted apart, at the end.

    Example: watchledger stats --user ada --by show --month 2026-11 --time-zone Europe/Berlin
    """
    if user is not None and cduid is not None:
        raise typer.BadParameter("--user and --cduid are two questions; ask one.")
    if month is not None and (since or until):
        raise typer.BadParameter("--month is a span of its own; leave out --since and --until.")
    question = _question(by, (month, since, until), time_zone, of)
    with _counted(settings, question, user, cduid) as (catalog, found):
        titles = [_title(catalog, by, row) for row in found.rows]
    if as_json:
        _print_json(question, found)
        return
    _print(by, found, titles)


def _question(
    by: By, times: tuple[str | None, str | None, str | None], time_zone: str, of: str | None
) -> Question:
    month, since, until = times
    try:
        zone = zone_of(time_zone)
        span = month_of(month, zone) if month else span_of(since, until, zone)
    except Misasked as misasked:
        option = f"'--{misasked.parameter.replace('_', '-')}'"
        raise typer.BadParameter(f"{misasked.detail}.", param_hint=option) from None
    return Question(by, zone, span, of)


@contextmanager
def _counted(
    settings: Settings, question: Question, user: str | None, cduid: str | None
) -> Iterator[tuple[Catalog, Stats]]:
    if cduid is None:
        with present(settings) as snapshot:
            found = all_stats(snapshot.connection, snapshot.directory, question, user)
            yield snapshot.directory.catalog, found
        return
    with viewed(settings, cduid) as (viewer, _, snapshot):
        if question.of is not None and not viewer.may_see(question.of):
            raise Refused(unknown_item(question.of))
        found = viewers_stats(snapshot.connection, snapshot.directory, question, viewer)
        yield viewer.catalog, found


def _title(catalog: Catalog, by: By, row: StatRow) -> str | None:
    if by in {By.ITEM, By.SHOW} and row.key in catalog:
        return title_of(catalog, row.key)
    return row.title


def _print_json(question: Question, found: Stats) -> None:
    print_json(
        {
            "by": question.by,
            "time_zone": question.zone.key,
            "rows": [stat_shown(row) for row in found.rows],
            "total": sums_shown(found.total),
            "undated": sums_shown(found.undated),
        }
    )


def _print(by: By, found: Stats, titles: list[str | None]) -> None:
    rows = [
        (row.key, title, *_told(row.sums)) for row, title in zip(found.rows, titles, strict=True)
    ]
    if found.rows:
        rows.append(("in all", None, *_told(found.total)))
    if found.undated.plays or found.undated.marks:
        rows.append(("undated", None, *_told(found.undated)))
    columns = (by.replace("_", " "), "title", "h:mm", "plays", "marks")
    if not any(titles):
        columns, rows = _without_titles(columns), [_without_titles(row) for row in rows]
    print_table(columns, rows, none="Nothing was watched.")


def _told(sums: Sums) -> tuple[str, int, int]:
    hours, minutes = divmod(round(sums.watched_us / _MINUTE_US), 60)
    return f"{hours}:{minutes:02}", sums.plays, sums.marks


def _without_titles(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[0], *row[2:]
