"""Views: the shapes in which viewers are shown items, plays, rows and what comes next.

They are what home screens ask for all day: typed for us and described for OpenAPI, but written as
they are, since nobody has to be told whether an answer of our own is valid.
"""

from datetime import datetime

from typing_extensions import TypedDict

from domain.catalog import Catalog
from domain.instants import from_us
from domain.items import Kind, kind_of
from domain.next_up import Section, Suggestion
from domain.values import UNDATED_AT_US
from domain.viewer import InProgress, ItemAnswer, Play, Rewatch, Viewer


class ProgressShown(TypedDict):
    """Seconds are there where they were sent or follow, the share where the duration is known.

    `item` is the one that was played, of all that are the same work.
    """

    played_seconds: float | None
    duration_seconds: float | None
    share: float | None
    at: datetime
    cduid: str
    item: str


class RewatchShown(TypedDict):
    """A container that was begun anew: since when, and how many leaves were watched since."""

    since: datetime
    watched_leaves: int


class ItemShown(TypedDict):
    """An item as one viewer sees it; counts are of what the viewer may see (rule 11).

    `number` is its own for good, and unique in the ledger.
    """

    item: str
    kind: Kind
    parent: str | None
    index: int | None
    title: str | None
    number: int
    watched: bool
    leaves: int
    watched_leaves: int
    in_progress: ProgressShown | None
    plays: int
    last_played_at: datetime | None
    work: list[str]
    rewatch: RewatchShown | None


class ItemsPage(TypedDict):
    items: list[ItemShown]
    next_cursor: str | None
    position: int


class WatchedRow(TypedDict):
    """Everything that stood under the item at that version, and has since, is watched."""

    item: str
    catalog_version: int


class WatchedPage(TypedDict):
    rows: list[WatchedRow]
    next_cursor: str | None
    position: int


class Titled(TypedDict):
    item: str
    kind: Kind
    index: int | None
    title: str | None


class SuggestionShown(TypedDict):
    """What comes next. `titles` are the item's own and, of an episode, those up to its show."""

    section: Section
    item: str
    titles: list[Titled]
    at: datetime | None
    anchor: str | None


class DismissedShown(TypedDict):
    """What is left out of what comes next, with its titles as there, and since when."""

    item: str
    titles: list[Titled]
    since: datetime | None


class PlayShown(TypedDict):
    """`at` is null if nobody knows when."""

    item: str
    at: datetime | None
    cduid: str
    position: int


class PlaysPage(TypedDict):
    plays: list[PlayShown]
    next_cursor: str | None
    position: int


def item_shown(answer: ItemAnswer) -> ItemShown:
    return ItemShown(
        item=answer.item,
        kind=answer.kind,
        parent=answer.parent,
        index=answer.index,
        title=answer.title,
        number=answer.number,
        watched=answer.watched,
        leaves=answer.leaves,
        watched_leaves=answer.watched_leaves,
        in_progress=_progress_shown(answer.in_progress),
        plays=answer.plays,
        last_played_at=instant(answer.last_played_at_us),
        work=answer.work,
        rewatch=_rewatch_shown(answer.rewatch),
    )


def _rewatch_shown(rewatch: Rewatch | None) -> RewatchShown | None:
    if rewatch is None:
        return None
    return RewatchShown(since=from_us(rewatch.since_us), watched_leaves=rewatch.watched_leaves)


def _progress_shown(found: InProgress | None) -> ProgressShown | None:
    if found is None:
        return None
    progress, cduid, item = found
    return ProgressShown(
        played_seconds=progress.played_seconds,
        duration_seconds=progress.duration_seconds,
        share=progress.share,
        at=from_us(progress.at_us),
        cduid=cduid,
        item=item,
    )


def instant(instant_us: int | None) -> datetime | None:
    """An instant as it is shown: null if there is none, or if nobody knows when (rule 25)."""
    return None if instant_us is None or instant_us == UNDATED_AT_US else from_us(instant_us)


def play_shown(play: Play) -> PlayShown:
    return PlayShown(
        item=play.item, at=instant(play.at_us), cduid=play.cduid, position=play.position
    )


def suggestion_shown(viewer: Viewer, found: Suggestion) -> SuggestionShown:
    """What comes next, as it is shown, with its titles."""
    return {
        "section": found.section,
        "item": found.item,
        "titles": titles(viewer.catalog, found.item),
        "at": instant(found.at_us),
        "anchor": found.anchor,
    }


def dismissed_shown(viewer: Viewer, item: str, since_us: int) -> DismissedShown:
    """What is dismissed, as it is shown, with its titles."""
    return {"item": item, "titles": titles(viewer.catalog, item), "since": instant(since_us)}


def titles(catalog: Catalog, item: str) -> list[Titled]:
    """The item's own title and, of an episode, those up to its show; none of what isn't known."""
    if item not in catalog:
        return []
    up_to_show = catalog.above(item)[:2] if kind_of(item) is Kind.EPISODE else ()
    return [_titled(catalog, step) for step in (item, *(above for above, _ in up_to_show))]


def _titled(catalog: Catalog, item: str) -> Titled:
    details = catalog.nodes[item].details
    return {"item": item, "kind": kind_of(item), "index": details.index, "title": details.title}
