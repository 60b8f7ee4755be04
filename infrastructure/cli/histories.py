"""The command that finds recorded events again (rule 20), for the operator: nothing is withheld."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any

import typer
from pydantic_core import to_json

from domain.decisions import unknown_device_user
from domain.instants import to_us
from domain.references import Reference
from domain.rejection import Refused
from domain.resolving import described
from infrastructure.cli.arguments import id_option, item_option, since_option, until_option
from infrastructure.cli.console import for_programs, print_json, print_table
from infrastructure.cli.options import takes_settings
from infrastructure.cli.reading import present
from infrastructure.querying.event_view import TOPICS_OF, EventShown, events_shown
from infrastructure.querying.history import PageEnd, Question
from infrastructure.querying.history import history as page_of_history
from infrastructure.querying.reader import Snapshot
from infrastructure.settings.settings import Settings

_PAGE = 1_000
_COLUMNS = ("position", "at", "type", "user", "cduid", "item", "claims")
_FIELDS = [name for name in EventShown.model_fields if name != "retracted"]
_ENVELOPE = {*_FIELDS, "device"}
_NOTHING: tuple[Any, ...] = (None, [], {})


class Order(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"


def _type(text: str) -> str:
    if text not in TOPICS_OF:
        raise typer.BadParameter(f"{text!r} is no type of event; there are {', '.join(TOPICS_OF)}.")
    return text


@takes_settings()
def history(
    settings: Settings,
    *,
    cduid: Annotated[str | None, id_option("--cduid", "What was said there.")] = None,
    group: Annotated[
        bool, typer.Option("--group", help="With --cduid: on all that it sees, too.")
    ] = False,
    user: Annotated[str | None, id_option("--user", "What this user's devices said.")] = None,
    item: Annotated[str | None, item_option("--item", "What was said on it, or about it.")] = None,
    under: Annotated[
        str | None, item_option("--under", "What was said on it or on anything below.")
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type",
            parser=_type,
            metavar="TYPE",
            help="watch, unwatch, progress, retract, item_placed, …; may be repeated.",
            show_default=False,
        ),
    ] = None,
    since: Annotated[datetime | None, since_option("From this time or day on.")] = None,
    until: Annotated[
        datetime | None, until_option("Before this time, or to the end of this day.")
    ] = None,
    from_position: Annotated[
        int | None, typer.Option(min=0, help="From this position on.", show_default=False)
    ] = None,
    order: Annotated[Order, typer.Option(help="Which come first.")] = Order.NEWEST,
    limit: Annotated[int, typer.Option(min=0, help="How many at most; 0 is all.")] = 100,
    as_json: Annotated[
        bool, typer.Option("--json", help="NDJSON, an event a line as HTTP shows it.")
    ] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="CSV, what an event claims as JSON in the last column.")
    ] = False,
) -> None:
    """Show what was said, when, by whom, and when it was recorded.

    A time is as in 2026-01-31T20:15:00Z; a day, as in 2026-01-31, is UTC's and belongs to it whole.

    Example: watchledger history --cduid ada-tv --group --type watch --since 2026-01-01
    """
    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv are two answers; ask for one.")
    if group and cduid is None:
        raise typer.BadParameter("--group needs a --cduid: it is that one's watch group.")
    question = Question(
        upto=0,
        cduids=None if cduid is None else (cduid,),
        item=item,
        under=under,
        topics=tuple(topic for each in types for topic in TOPICS_OF[each]) if types else None,
        since_us=None if since is None else to_us(since),
        until_us=None if until is None else to_us(until),
        from_position=from_position,
        is_newest_first=order is Order.NEWEST,
    )
    with present(settings) as snapshot:
        if cduid is not None:
            question = replace(question, cduids=_cduids(snapshot, cduid, group=group))
        if user is not None:
            question = replace(question, streams=snapshot.directory.streams(user))
        found = islice(_events(snapshot, question), limit or None)
        if as_json:
            for each in found:
                print_json(each)
        elif as_csv:
            _write_csv(found)
        else:
            _print(found)


def _cduids(snapshot: Snapshot, cduid: str, *, group: bool) -> tuple[str, ...]:
    """Whose history is meant. Raises Refused for a device user that isn't registered."""
    if cduid not in snapshot.directory.device_users:
        raise Refused(unknown_device_user(cduid))
    return snapshot.viewer(cduid).cduids if group else (cduid,)


def _events(snapshot: Snapshot, question: Question) -> Iterator[EventShown]:
    """All that is asked for, a page in memory at a time."""
    question = replace(question, upto=snapshot.position)
    while True:
        page = page_of_history(snapshot.connection, snapshot.directory.catalog, question, _PAGE)
        yield from events_shown(snapshot.connection, page, snapshot.directory, snapshot.position)
        if len(page) < _PAGE:
            return
        question = replace(question, after=PageEnd(page[-1].at_us, page[-1].position))


def _print(found: Iterator[EventShown]) -> None:
    rows = [_row(each) for each in found]
    print_table(_COLUMNS, rows, none="No event was found.")


def _write_csv(found: Iterator[EventShown]) -> None:
    """A line for each event under a heading; times as in JSON, nothing for what isn't there."""
    written = csv.writer(for_programs(), lineterminator="\n")
    names = [*_FIELDS, "device"]
    written.writerow([*names, "claims"])
    for each in found:
        event = each.model_dump(mode="json")
        claims = {name: value for name, value in event.items() if name not in _ENVELOPE}
        written.writerow([*(event[name] for name in names), to_json(claims).decode()])


def _row(event: EventShown) -> tuple[Any, ...]:
    claims = event.model_dump(exclude=_ENVELOPE)
    claims.update(claims.pop("details", {}))
    if "ref" in claims:
        claims["ref"] = described(Reference.model_validate(claims["ref"]))
    if "with" in claims:
        claims["with"] = " ".join(claims["with"])
    if event.retracted is not None:
        claims["retracted"] = f"at position {event.retracted.position}"
    said = ", ".join(f"{name} {each}" for name, each in claims.items() if each not in _NOTHING)
    fields = (event.position, event.at, event.type, event.user, event.cduid, event.item)
    return (*fields, said or None)
