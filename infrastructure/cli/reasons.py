"""The command that explains: why an item is watched."""

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
)
from infrastructure.cli.console import answers, print_json, print_table
from infrastructure.cli.options import takes_settings
from infrastructure.cli.reading import viewed
from infrastructure.querying.event_view import EventShown
from infrastructure.querying.why import Why
from infrastructure.querying.why_view import WhyShown, why_shown
from infrastructure.settings.settings import Settings

_EVENT_COLUMNS = ("position", "at", "type", "item", "cduid", "recorded at")


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
    """Show what decides whether an item is watched and in progress, and what was overruled.

    Example: watchledger why ada-tv episode:sherlock-1-2
    """
    with viewed(settings, cduid, as_of) as (viewer, position, snapshot):
        answer = viewer.answer(item)
        if answer is None:
            raise Refused(unknown_item(item))
        found = Why(snapshot.connection, viewer, snapshot.policy, position, limit).of(item)
        shown = why_shown(
            item, found, snapshot.directory, is_watched=answer.watched, position=position
        )
    if as_json:
        print_json(shown.model_dump(mode="json"))
        return
    answers.print(f"{item} is {'watched' if shown.watched else 'not watched'} for {cduid}.")
    _print_events(shown)
    if shown.missing:
        answers.print("\nNot watched under it:")
        print_table(("item",), [(each,) for each in shown.missing], none="")


def _print_events(shown: WhyShown) -> None:
    if is_watchable(shown.item) and shown.decider is None:
        answers.print("No event that it may know of decides.")
    anchor = shown.anchor.event if shown.anchor else None
    for heading, event in (
        ("This event decides:", shown.decider),
        ("It is in progress by:", shown.in_progress),
        ("What was started was ended by:", shown.ended_by),
        ("The next episode of its show follows:", anchor),
        ("It was begun anew by:", shown.restart),
        ("It is left out of next up by:", shown.dismissal),
    ):
        if event is not None:
            answers.print(f"\n{heading}")
            print_table(_EVENT_COLUMNS, [_row(event)], none="")
    if shown.overruled:
        answers.print("\nOverruled were:")
        print_table(_EVENT_COLUMNS, map(_row, shown.overruled), none="")
    if shown.completions:
        answers.print("\nIt was finished by:")
        rows = [(*_row(each.event), each.verdict) for each in shown.completions]
        print_table((*_EVENT_COLUMNS, "play"), rows, none="")


def _row(event: EventShown) -> tuple[Any, ...]:
    return event.position, event.at, event.type, event.item, event.cduid, event.recorded_at
