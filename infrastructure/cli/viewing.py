"""The commands that show what a viewer sees: what is watched, an item, what comes next."""

from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Any

import typer

from domain.catalog import Catalog
from domain.next_up import Section
from domain.next_up import next_up as suggestions
from domain.placing import unknown_item
from domain.rejection import Refused
from domain.viewer import Viewer
from infrastructure.cli.arguments import AsJson, AsOfOption, CduidArgument, ItemArgument
from infrastructure.cli.console import print_fields, print_json, print_table
from infrastructure.cli.options import takes_settings
from infrastructure.cli.reading import viewed
from infrastructure.querying.views import (
    ItemShown,
    ProgressShown,
    SuggestionShown,
    Titled,
    WatchedRow,
    dismissed_shown,
    item_shown,
    suggestion_shown,
)
from infrastructure.settings.settings import Settings

_CHILD_COLUMNS = ("item", "index", "title", "watched", "of", "in progress", "plays")


@takes_settings()
def watched(
    settings: Settings,
    cduid: CduidArgument,
    *,
    as_of: AsOfOption = None,
    as_json: AsJson = False,
) -> None:
    """Show what is watched, rolled up: a row stands for all that stood under its item by then.

    Example: watchledger watched ada-tv --as-of 2026-01-31
    """
    with viewed(settings, cduid, as_of) as (viewer, _, _):
        found = sorted(viewer.tables.watched.all_of(viewer.watch_group).items())
        rows = [
            (WatchedRow(item=item, catalog_version=version), title_of(viewer.catalog, item))
            for item, version in found
            if viewer.sees(item)
        ]
        stands_for = [_count(viewer, row) for row, _ in rows]
    if as_json:
        print_json({"rows": [row for row, _ in rows]})
        return
    print_table(
        ("item", "title", "stands for", "version"),
        [
            (row["item"], title, count, row["catalog_version"])
            for (row, title), count in zip(rows, stands_for, strict=True)
        ],
        none=f"Nothing is watched for {cduid}.",
    )


def _count(viewer: Viewer, row: WatchedRow) -> int:
    """How many items that the viewer sees a row stands for (rule 16)."""
    item = row["item"]
    if item in viewer.leaves(item):
        return 1
    old = viewer.catalog.leaves(item)
    covered = old.items[: old.count_up_to(row["catalog_version"])]
    return sum(map(viewer.sees, covered))


@takes_settings()
def item(
    settings: Settings,
    cduid: CduidArgument,
    item: ItemArgument,
    *,
    as_of: AsOfOption = None,
    as_json: AsJson = False,
) -> None:
    """Show an item as a viewer sees it, and what stands directly under it.

    Example: watchledger item ada-tv season:sherlock-1
    """
    with viewed(settings, cduid, as_of) as (viewer, _, _):
        viewer.prefetch([item])
        answer = viewer.answer(item)
        if answer is None:
            raise Refused(unknown_item(item))
        below = viewer.catalog.children(item) if viewer.catalog.nodes[item].children else []
        children = [item_shown(each) for each in viewer.answers(below)]
    shown = item_shown(answer)
    if as_json:
        print_json({**shown, "children": children})
        return
    print_fields({name.replace("_", " "): each for name, each in _told(shown).items()})
    if children:
        print_table(_CHILD_COLUMNS, [_child(each) for each in children], none="")


def _told(shown: ItemShown) -> dict[str, Any]:
    progress = shown["in_progress"]
    return {**shown, "in_progress": None if progress is None else _progress(progress)}


def _progress(progress: ProgressShown) -> str:
    share, duration_seconds = progress["share"], progress["duration_seconds"]
    if share is None:
        far = f"{(progress['played_seconds'] or 0) / 60:.0f} min"
    elif duration_seconds is None:
        far = f"{share:.0%}"
    else:
        far = f"{share:.0%} of {duration_seconds / 60:.0f} min"
    return f"{far}, on {progress['cduid']}"


def _child(shown: ItemShown) -> tuple[Any, ...]:
    told = _told(shown)
    counted = f"{shown['watched_leaves']}/{shown['leaves']}"
    names = ("item", "index", "title", "watched")
    return (*(told[name] for name in names), counted, told["in_progress"], told["plays"])


@takes_settings()
def next_up(
    settings: Settings,
    cduid: CduidArgument,
    *,
    section: Annotated[
        Section | None, typer.Option(help="One of the four.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most of each section.")] = 10,
    as_of: AsOfOption = None,
    as_json: AsJson = False,
) -> None:
    """Show what comes next: started, next episodes, unwatched movies, what comes out.

    Example: watchledger next-up ada-tv --section next_episode
    """
    with viewed(settings, cduid, as_of) as (viewer, _, _):
        found = [
            suggestion_shown(viewer, each)
            for asked in ([section] if section else Section)
            for each in islice(suggestions(viewer, asked), limit)
        ]
    if as_json:
        print_json({"items": found})
        return
    columns = ("section", "item", "title", "at", "after")
    print_table(columns, [_suggestion(each) for each in found], none="Nothing comes next.")


@takes_settings()
def dismissed(
    settings: Settings, cduid: CduidArgument, *, as_of: AsOfOption = None, as_json: AsJson = False
) -> None:
    """Show what is left out of what comes next, and since when.

    Example: watchledger dismissed ada-tv
    """
    with viewed(settings, cduid, as_of) as (viewer, _, _):
        found = [
            dismissed_shown(viewer, item, since[0]) for item, since in viewer.dismissed_items()
        ]
    if as_json:
        print_json({"items": found})
        return
    rows = [(each["item"], _titles(each["titles"]), each["since"]) for each in found]
    print_table(("item", "title", "since"), rows, none="Nothing is dismissed.")


def _titles(titles: Sequence[Titled]) -> str:
    return " · ".join(each["title"] or each["item"] for each in reversed(titles))


def _suggestion(found: SuggestionShown) -> tuple[Any, ...]:
    titles = _titles(found["titles"])
    return found["section"], found["item"], titles, found["at"], found["anchor"]


def title_of(catalog: Catalog, item: str) -> str | None:
    """An item's title, after those of what it stands under, shelves left out."""
    path = [item, *(container for container, _ in catalog.above(item)[:-1])]
    titles = [catalog.nodes[step].details.title or step for step in path]
    return " · ".join(reversed(titles))
