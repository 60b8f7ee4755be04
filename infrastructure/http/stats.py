"""Statistics: time watched, plays and marks, for a viewer of its own and for the admin of all."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import TypeAdapter, WithJsonSchema
from typing_extensions import TypedDict

from domain.items import Id, ItemId
from domain.placing import unknown_item
from domain.rejection import Refused
from infrastructure.http.dependencies import AdminAsked, ServicesAsked, problems
from infrastructure.http.paging import Cursor, Limit, Place, from_cursor, page_of, to_cursor
from infrastructure.http.problem_details import parameter_problem
from infrastructure.http.reading import (
    DAY_OR_TIME,
    After,
    PresentViewInPath,
    RetriedWhenStale,
)
from infrastructure.http.responses import written
from infrastructure.querying.stats import (
    By,
    Misasked,
    Order,
    Question,
    Stats,
    StatShown,
    SumsShown,
    all_stats,
    span_of,
    stat_shown,
    sums_shown,
    viewers_stats,
    zone_of,
)

router = APIRouter(prefix="/v1", tags=["read"], route_class=RetriedWhenStale)

_Time = Annotated[str, WithJsonSchema({"anyOf": DAY_OR_TIME})]


class StatsPage(TypedDict):
    """`total` is over all rows, this page's and the others'. What is `undated` is in none."""

    by: By
    time_zone: str
    rows: list[StatShown]
    total: SumsShown
    undated: SumsShown
    next_cursor: str | None
    position: int


_PAGE = TypeAdapter(StatsPage)
_ORDER = TypeAdapter(tuple[Place, Place, Place, Annotated[str, Query(max_length=300)]])


def _question(
    by: Annotated[
        By,
        Query(
            description="Hours as in 2026-10-25T02:00:00+02:00, weeks as in 2026-W43, hours of the "
            "week as in 7-20, Monday being 1."
        ),
    ] = By.MONTH,
    since: Annotated[
        _Time | None,
        Query(description="From this time (RFC 3339) on, or this day in the time zone."),
    ] = None,
    until: Annotated[
        _Time | None,
        Query(description="Before this time (RFC 3339), or to the end of this day."),
    ] = None,
    time_zone: Annotated[
        str, Query(description="By whose clock, such as Europe/Berlin (IANA).")
    ] = "UTC",
    of: Annotated[
        ItemId | None, Query(description="Of this item and what stands under it.")
    ] = None,
) -> Question:
    try:
        zone = zone_of(time_zone)
        return Question(by, zone, span_of(since, until, zone), of)
    except Misasked as misasked:
        raise parameter_problem(misasked.parameter, misasked.detail) from None


QuestionAsked = Annotated[Question, Depends(_question)]


@router.get(
    "/stats",
    summary="Time watched, plays and marks of all, or of a user over all device users",
    response_model=StatsPage,
    responses=problems("admin_only", "invalid_cursor", "projection_behind"),
    dependencies=[After],
)
def get_stats(
    _: AdminAsked,
    services: ServicesAsked,
    question: QuestionAsked,
    user: Annotated[Id | None, Query(description="This user's only.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    after = None if cursor is None else from_cursor(cursor, _ORDER)
    with services.reader.snapshot() as snapshot:
        found = all_stats(snapshot.connection, snapshot.directory, question, user)
        return _page(question, found, limit, after, snapshot.position)


@router.get(
    "/device-users/{cduid}/stats",  # noqa: FAST003  # the view asks for it
    summary="Time watched, plays and marks of what the viewer sees",
    response_model=StatsPage,
    responses=problems(
        "unknown_device_user", "unknown_item", "invalid_cursor", "projection_behind"
    ),
)
def get_viewers_stats(
    asked: PresentViewInPath,
    question: QuestionAsked,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    after = None if cursor is None else from_cursor(cursor, _ORDER)
    with asked.opened() as view:
        if question.of is not None and not view.viewer.may_see(question.of):
            raise Refused(unknown_item(question.of))
        snapshot = view.snapshot
        found = viewers_stats(snapshot.connection, snapshot.directory, question, view.viewer)
        return _page(question, found, limit, after, view.position)


def _page(
    question: Question, found: Stats, limit: int, after: Order | None, position: int
) -> Response:
    rest = (row for row in found.rows if after is None or row.order > after)
    page, is_more = page_of(rest, limit)
    shown = StatsPage(
        by=question.by,
        time_zone=question.zone.key,
        rows=[stat_shown(row) for row in page],
        total=sums_shown(found.total),
        undated=sums_shown(found.undated),
        next_cursor=to_cursor(page[-1].order) if is_more else None,
        position=position,
    )
    return written(_PAGE, shown)
