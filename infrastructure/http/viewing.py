"""What a viewer is shown: items, what is watched, in progress, played."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Annotated, NamedTuple, TypeVar

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter

from domain.catalog import Catalog
from domain.items import ItemId, Kind
from domain.placing import unknown_item
from domain.rejection import Refused
from domain.viewer import ItemAnswer, Viewer
from infrastructure.http.dependencies import ItemInPath, problems
from infrastructure.http.paging import Cursor, Limit, Place, from_cursor, page_of, to_cursor
from infrastructure.http.reading import VIEW_PROBLEMS, RetriedWhenStale, ViewInPath
from infrastructure.http.responses import written
from infrastructure.http.sorting import PLACES, Sort, listing, titled
from infrastructure.querying.plays import plays
from infrastructure.querying.views import (
    ItemShown,
    ItemsPage,
    PlaysPage,
    WatchedPage,
    WatchedRow,
    item_shown,
    play_shown,
)

router = APIRouter(prefix="/v1/device-users/{cduid}", tags=["read"], route_class=RetriedWhenStale)

_READ = problems(*VIEW_PROBLEMS)
_READ_ITEM = problems(*VIEW_PROBLEMS, "unknown_item")
_LIST = problems(*VIEW_PROBLEMS, "invalid_cursor")
_CHUNK = 250
_TEXT_MAX = 200

T = TypeVar("T")

TextAsked = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=_TEXT_MAX,
        description="Any part of the title, without regard to case and accents.",
    ),
]
SortAsked = Annotated[
    Sort,
    Query(
        description="In the catalog's order, by title, or the newest first: what came to the "
        "catalog last, or what was played last; what was never played follows in order."
    ),
]


class Moment(NamedTuple):
    """A place in a list that is newest first."""

    at_us: Place
    position: Place


_ITEM = TypeAdapter(ItemId)
_MOMENT = TypeAdapter(Moment)
_ITEM_SHOWN = TypeAdapter(ItemShown)
_ITEMS = TypeAdapter(ItemsPage)
_ROWS = TypeAdapter(WatchedPage)
_PLAYS = TypeAdapter(PlaysPage)


@router.get(
    "/items/{item}",
    summary="An item as the viewer sees it",
    response_model=ItemShown,
    responses=_READ_ITEM,
)
def get_item(asked: ViewInPath, item: ItemInPath) -> Response:
    with asked.opened() as view:
        view.viewer.prefetch([item])
        answer = view.viewer.answer(item)
    if answer is None:
        raise Refused(unknown_item(item))
    return written(_ITEM_SHOWN, item_shown(answer))


@router.get(
    "/items",
    summary="The items under a parent or all of them, in order (parents first) or sorted",
    response_model=ItemsPage,
    responses={**_LIST, **_READ_ITEM},
)
def get_items(
    asked: ViewInPath,
    parent: Annotated[ItemId | None, Query()] = None,
    kind: Annotated[Kind | None, Query()] = None,
    watched: Annotated[bool | None, Query()] = None,
    text: TextAsked = None,
    sort: SortAsked = Sort.ORDER,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    after = None if cursor is None else from_cursor(cursor, PLACES[sort])
    with asked.opened() as view:
        viewer = view.viewer
        if parent is not None and not viewer.sees(parent):
            raise Refused(unknown_item(parent))
        listed = listing(viewer, sort, parent)
        found = _answers(viewer, _wanted(viewer.catalog, listed.behind(after), kind, text))
        page, is_more = page_of(
            (answer for answer in found if watched in {None, answer.watched}), limit
        )
        shown = ItemsPage(
            items=[item_shown(answer) for answer in page],
            next_cursor=to_cursor(listed.place_of(page[-1].item)) if is_more else None,
            position=view.position,
        )
    return written(_ITEMS, shown)


def _wanted(
    catalog: Catalog, items: Iterator[str], kind: Kind | None, text: str | None
) -> Iterator[str]:
    if kind is not None:
        items = filter(lambda item: item.startswith(f"{kind}:"), items)
    return items if text is None else filter(titled(catalog, text), items)


def _answers(viewer: Viewer, wanted: Iterator[str]) -> Iterator[ItemAnswer]:
    """The answers about items, looked up a few at a time."""
    while chunk := list(islice(wanted, _CHUNK)):
        yield from viewer.answers(chunk)


@router.get(
    "/watched",
    summary="The rolled-up rows of the viewer's watch group",
    response_model=WatchedPage,
    responses=_LIST,
)
def get_watched(asked: ViewInPath, limit: Limit = 100, cursor: Cursor = None) -> Response:
    after = None if cursor is None else from_cursor(cursor, _ITEM)
    with asked.opened() as view:
        viewer = view.viewer
        rows = sorted(viewer.tables.watched.all_of(viewer.watch_group).items())
        found = (
            WatchedRow(item=item, catalog_version=version)
            for item, version in rows
            if (after is None or item > after) and viewer.sees(item)
        )
        page, is_more = page_of(found, limit)
        shown = WatchedPage(
            rows=page,
            next_cursor=to_cursor(page[-1]["item"]) if is_more else None,
            position=view.position,
        )
    return written(_ROWS, shown)


@router.get(
    "/in-progress",
    summary="What is in progress, newest first",
    response_model=ItemsPage,
    responses=_LIST,
)
def get_in_progress(asked: ViewInPath, limit: Limit = 100, cursor: Cursor = None) -> Response:
    before = None if cursor is None else from_cursor(cursor, _MOMENT)
    with asked.opened() as view:
        listed = (
            (item, Moment(found.progress.at_us, found.progress.position))
            for item, found in view.viewer.all_in_progress()
        )
        page, is_more = page_of(_older(listed, before, lambda each: each[1]), limit)
        answers = list(view.viewer.answers(item for item, _ in page))
        shown = ItemsPage(
            items=[item_shown(answer) for answer in answers],
            next_cursor=to_cursor(page[-1][1]) if is_more else None,
            position=view.position,
        )
    return written(_ITEMS, shown)


@router.get(
    "/plays",
    summary="When an item, or anything under it, or anything at all was played, newest first",
    response_model=PlaysPage,
    responses={**_LIST, **_READ_ITEM},
)
def get_plays(
    asked: ViewInPath,
    item: Annotated[ItemId | None, Query()] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    before = None if cursor is None else from_cursor(cursor, _MOMENT)
    with asked.opened() as view:
        if item is not None and not view.viewer.knows(item):
            raise Refused(unknown_item(item))
        is_present = view.position == view.snapshot.position
        connection = view.snapshot.connection if is_present else None
        page, is_more = page_of(plays(view.viewer, item, before, connection), limit)
        shown = PlaysPage(
            plays=[play_shown(play) for play in page],
            next_cursor=to_cursor(page[-1][:2]) if is_more else None,
            position=view.position,
        )
    return written(_PLAYS, shown)


def _older(found: Iterator[T], before: Moment | None, moment: Callable[[T], Moment]) -> Iterator[T]:
    """What comes after a place in a list that is newest first."""
    return (each for each in found if before is None or moment(each) < before)
