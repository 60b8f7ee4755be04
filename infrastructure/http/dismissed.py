"""What a viewer has dismissed: left out of what comes next until more is said (rule 27)."""

from fastapi import APIRouter, Response
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from domain.viewer import Moment
from infrastructure.http.dependencies import problems
from infrastructure.http.paging import Cursor, Limit, from_cursor, page_of, to_cursor
from infrastructure.http.reading import VIEW_PROBLEMS, RetriedWhenStale, ViewInPath
from infrastructure.http.responses import written
from infrastructure.querying.views import DismissedShown, dismissed_shown

router = APIRouter(prefix="/v1/device-users/{cduid}", tags=["read"], route_class=RetriedWhenStale)


class DismissedPage(TypedDict):
    items: list[DismissedShown]
    next_cursor: str | None
    position: int


_PLACE: TypeAdapter[Moment] = TypeAdapter(Moment)
_PAGE = TypeAdapter(DismissedPage)


@router.get(
    "/dismissed",
    summary="What is left out of what comes next, newest first",
    response_model=DismissedPage,
    responses=problems(*VIEW_PROBLEMS, "invalid_cursor"),
)
def get_dismissed(asked: ViewInPath, limit: Limit = 100, cursor: Cursor = None) -> Response:
    before = None if cursor is None else from_cursor(cursor, _PLACE)
    with asked.opened() as view:
        viewer = view.viewer
        found = (
            (item, since)
            for item, since in viewer.dismissed_items()
            if before is None or since < before
        )
        page, is_more = page_of(found, limit)
        shown = DismissedPage(
            items=[dismissed_shown(viewer, item, since[0]) for item, since in page],
            next_cursor=to_cursor(page[-1][1]) if is_more else None,
            position=view.position,
        )
    return written(_PAGE, shown)
