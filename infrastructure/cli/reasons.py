"""The commands that explain and count: why an item is watched, and how much was played."""

import re
from typing import Annotated, Any

import typer

from domain.items import is_watchable
from domain.placing import unknown_item
from domain.rejection import Refused
from infrastructure.cli.arguments import (
    AsJson,
    AsOfOption,
    CduidArgument,
    ItemArgument,
    id_option,
    item_option,
)
from infrastructure.cli.console import answers, print_json, print_table
from infrastructure.cli.options import takes_settings
from infrastructure.cli.reading import present, viewed
from infrastructure.querying.event_view import EventShown, event_shown
from infrastructure.querying.why import why as reasons
from infrastructure.settings.settings import Settings
from projections.stats import stats as counted

_EVENT_COLUMNS = ("position", "at", "type", "item", "cduid", "recorded at")
_is_month = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])").fullmatch
_STAT_COLUMNS = ("user", "month", "of", "plays", "hours")


@takes_settings()
def why(
    settings: Settings,
    cduid: CduidArgument,
    item: ItemArgument,
    *,
    as_of: AsOfOption = None,
    limit: Annotated[int, typer.Option(min=1, help="How many overruled events at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show which event decides whether an item is watched, and those that it overruled.

    Example: watchledger why ada-tv episode:sherlock-1-2
    """
    if not is_watchable(item):
        raise typer.BadParameter(f"{item} holds other items; ask about one of those.")
    with viewed(settings, cduid, as_of) as (viewer, position, snapshot):
        if not viewer.sees(item):
            raise Refused(unknown_item(item))
        found = reasons(snapshot.connection, viewer, snapshot.policy, item, position, limit)
        is_watched = viewer.is_watched(item)
        decider = None if found.decider is None else event_shown(found.decider, snapshot.directory)
        overruled = [event_shown(each, snapshot.directory) for each in found.overruled]
    if as_json:
        print_json(
            {"item": item, "watched": is_watched, "decider": decider, "overruled": overruled}
        )
        return
    answers.print(f"{item} is {'watched' if is_watched else 'not watched'} for {cduid}.")
    if decider is None:
        answers.print("No event that it may know of decides.")
        return
    answers.print("\nThis event decides:")
    print_table(_EVENT_COLUMNS, [_row(decider)], none="")
    if overruled:
        answers.print("\nIt overruled:")
        print_table(_EVENT_COLUMNS, map(_row, overruled), none="")


def _row(event: EventShown) -> tuple[Any, ...]:
    return event.position, event.at, event.type, event.item, event.cduid, event.recorded_at


def _month(text: str) -> str:
    if not _is_month(text):
        raise typer.BadParameter(f"{text!r} is no month; send one such as 2026-11.")
    return text


@takes_settings()
def stats(
    settings: Settings,
    *,
    user: Annotated[str | None, id_option("--user", "This user's only.")] = None,
    month: Annotated[
        str | None,
        typer.Option(
            parser=_month, metavar="YYYY-MM", help="This month's only, in UTC.", show_default=False
        ),
    ] = None,
    of: Annotated[str | None, item_option("--of", "This show's, movie's or streamable's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show plays and hours watched, by user, month and show.

    Example: watchledger stats --user ada --month 2026-11
    """
    with present(settings) as snapshot:
        catalog = snapshot.directory.catalog
        found = counted(snapshot.connection, catalog, user=user, month=month, of=of)
    if as_json:
        print_json({"stats": [each._asdict() for each in found]})
        return
    rows = [(*each[:4], round(each.hours, 1)) for each in found]
    print_table(_STAT_COLUMNS, rows, none="Nothing was played.")
