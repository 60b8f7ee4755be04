"""Views: the shapes in which viewers are shown items, plays, rows and what comes next.

They are what home screens ask for all day: typed for us and described for OpenAPI, but written as
they are, since nobody has to be told whether an answer of our own is valid.
"""

from datetime import datetime

from typing_extensions import TypedDict

from domain.instants import from_us
from domain.items import Kind, kind_of
from domain.next_up import Section, Suggestion
from domain.viewer import InProgress, ItemAnswer, Play, Viewer


class ProgressShown(TypedDict):
    played_seconds: float
    duration_seconds: float
    at: datetime
    cduid: str


class ItemShown(TypedDict):
    """An item as one viewer sees it; counts are of what the viewer may see (rule 11)."""

    item: str
    kind: Kind
    parent: str | None
    index: int | None
    title: str | None
    watched: bool
    leaves: int
    watched_leaves: int
    in_progress: ProgressShown | None
    plays: int
    last_played_at: datetime | None


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


class PlayShown(TypedDict):
    item: str
    at: datetime
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
        watched=answer.watched,
        leaves=answer.leaves,
        watched_leaves=answer.watched_leaves,
        in_progress=_progress_shown(answer.in_progress),
        plays=answer.plays,
        last_played_at=instant(answer.last_played_at_us),
    )


def _progress_shown(found: InProgress | None) -> ProgressShown | None:
    if found is None:
        return None
    progress, cduid = found
    return ProgressShown(
        played_seconds=progress.played_seconds,
        duration_seconds=progress.duration_seconds,
        at=from_us(progress.at_us),
        cduid=cduid,
    )


def instant(instant_us: int | None) -> datetime | None:
    return None if instant_us is None else from_us(instant_us)


def play_shown(play: Play) -> PlayShown:
    return PlayShown(
        item=play.item, at=from_us(play.at_us), cduid=play.cduid, position=play.position
    )


def suggestion_shown(viewer: Viewer, found: Suggestion) -> SuggestionShown:
    """What comes next, as it is shown, with its titles."""
    return {
        "section": found.section,
        "item": found.item,
        "titles": [_titled(viewer, step) for step in _up_to_show(viewer, found.item)],
        "at": instant(found.at_us),
        "anchor": found.anchor,
    }


def _up_to_show(viewer: Viewer, item: str) -> list[str]:
    if kind_of(item) is not Kind.EPISODE:
        return [item]
    return [item, *(container for container, _ in viewer.catalog.above(item)[:2])]


def _titled(viewer: Viewer, item: str) -> Titled:
    details = viewer.catalog.nodes[item].details
    return {"item": item, "kind": kind_of(item), "index": details.index, "title": details.title}
