"""The audit's routes: what was said, when and by whom, and why an item is watched (rule 21)."""

from dataclasses import replace
from typing import Annotated, Literal, NamedTuple

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, TypeAdapter

from domain.instants import to_us
from domain.items import Id, ItemId
from domain.placing import unknown_item
from domain.rejection import Refused
from domain.viewer import Viewer
from infrastructure.http.dependencies import AdminAsked, ItemInPath, ServicesAsked, problems
from infrastructure.http.paging import Cursor, Limit, Place, from_cursor, to_cursor
from infrastructure.http.problem_details import parameter_problem
from infrastructure.http.reading import (
    VIEW_PROBLEMS,
    After,
    Position,
    PresentViewInPath,
    RetriedWhenStale,
    Since,
    Until,
    ViewInPath,
)
from infrastructure.querying.event_view import TOPICS_OF, EventShown, events_shown
from infrastructure.querying.history import PageEnd, Question, history, is_allowed
from infrastructure.querying.reader import Snapshot
from infrastructure.querying.why import Why
from infrastructure.querying.why_view import WhyShown, why_shown

router = APIRouter(prefix="/v1", tags=["audit"], route_class=RetriedWhenStale)


class HistoryPage(BaseModel):
    events: list[EventShown]
    next_cursor: str | None
    position: int


class _Cursor(NamedTuple):
    """Where a page ended, and the last position that its list looks at."""

    at_us: Place
    position: Place
    upto: Place


_CURSOR = TypeAdapter(_Cursor)


class _Filters(NamedTuple):
    """What both histories can be asked for."""

    question: Question
    limit: int
    cursor: _Cursor | None


def _filters(
    item: Annotated[ItemId | None, Query(description="Said on it, or about it.")] = None,
    types: Annotated[
        list[str] | None, Query(alias="type", description="As events show it; may be repeated.")
    ] = None,
    since: Annotated[
        Since | None, Query(description="From this time (RFC 3339) on, or this day in UTC.")
    ] = None,
    until: Annotated[
        Until | None, Query(description="Before this time (RFC 3339), or to the end of this day.")
    ] = None,
    from_position: Annotated[Position | None, Query()] = None,
    order: Literal["newest", "oldest"] = "newest",
    limit: Limit = 100,
    cursor: Cursor = None,
) -> _Filters:
    place = None if cursor is None else from_cursor(cursor, _CURSOR)
    question = Question(
        upto=0,
        item=item,
        topics=_topics(types),
        since_us=None if since is None else to_us(since),
        until_us=None if until is None else to_us(until),
        from_position=from_position,
        is_newest_first=order == "newest",
        after=None if place is None else PageEnd(place.at_us, place.position),
    )
    return _Filters(question, limit, place)


def _topics(types: list[str] | None) -> tuple[str, ...] | None:
    if types is None:
        return None
    unknown = [each for each in types if each not in TOPICS_OF]
    if unknown:
        detail = f"isn't a type of event; there are {', '.join(TOPICS_OF)}"
        raise parameter_problem("type", detail)
    return tuple(topic for each in types for topic in TOPICS_OF[each])


FiltersAsked = Annotated[_Filters, Depends(_filters)]


@router.get(
    "/device-users/{cduid}/history",  # noqa: FAST003  # the view asks for it
    summary="What was said on a device user, or with group on all that it sees",
    responses=problems(
        "unknown_device_user", "unknown_item", "invalid_cursor", "projection_behind"
    ),
)
def get_viewer_history(
    asked: PresentViewInPath,
    filters: FiltersAsked,
    group: Annotated[bool, Query(description="Of the whole watch group.")] = False,
) -> HistoryPage:
    with asked.opened() as view:
        viewer, item = view.viewer, filters.question.item
        if item is not None and not viewer.may_see(item):
            raise Refused(unknown_item(item))
        cduids = viewer.cduids if group else (viewer.cduid,)
        question = replace(filters.question, cduids=cduids)
        return _page(view.snapshot, filters, question, viewer)


@router.get(
    "/history",
    summary="What was said by anybody",
    dependencies=[After],
    responses=problems("admin_only", "invalid_cursor", "projection_behind"),
)
def get_history(
    _: AdminAsked,
    services: ServicesAsked,
    filters: FiltersAsked,
    cduid: Annotated[Id | None, Query()] = None,
    user: Annotated[Id | None, Query()] = None,
    under: Annotated[ItemId | None, Query(description="On it or on anything below it.")] = None,
) -> HistoryPage:
    cduids = None if cduid is None else (cduid,)
    question = replace(filters.question, cduids=cduids, under=under)
    with services.reader.snapshot() as snapshot:
        if user is not None:
            question = replace(question, streams=snapshot.directory.streams(user))
        return _page(snapshot, filters, question, None)


def _page(
    snapshot: Snapshot, filters: _Filters, question: Question, viewer: Viewer | None
) -> HistoryPage:
    """A page of history; without a viewer nothing is withheld."""
    upto = filters.cursor.upto if filters.cursor else snapshot.position
    found = history(
        snapshot.connection,
        snapshot.directory.catalog,
        replace(question, upto=upto),
        filters.limit + 1,
        is_allowed(viewer) if viewer else lambda _: True,
    )
    events = found[: filters.limit]
    is_more = len(found) > filters.limit
    return HistoryPage(
        events=events_shown(snapshot.connection, events, snapshot.directory, upto),
        next_cursor=to_cursor((events[-1].at_us, events[-1].position, upto)) if is_more else None,
        position=snapshot.position,
    )


@router.get(
    "/device-users/{cduid}/items/{item}/why",  # noqa: FAST003  # the view asks for it
    summary="Why an item is watched, or isn't",
    responses=problems(*VIEW_PROBLEMS, "unknown_item"),
)
def get_why(asked: ViewInPath, item: ItemInPath, limit: Limit = 100) -> WhyShown:
    with asked.opened() as view:
        if not view.viewer.sees(item):
            raise Refused(unknown_item(item))
        snapshot = view.snapshot
        question = Why(snapshot.connection, view.viewer, snapshot.policy, view.position, limit)
        answer = view.viewer.answer(item)
        return why_shown(
            item,
            question.of(item),
            snapshot.directory,
            is_watched=answer is not None and answer.watched,
            position=view.position,
        )
