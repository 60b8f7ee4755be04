"""What comes next for a viewer, in its three sections (rule 14)."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from domain.next_up import Section, Suggestion, next_up
from domain.viewer import Viewer
from infrastructure.http.dependencies import problems
from infrastructure.http.paging import Cursor, Limit, from_cursor, page_of, to_cursor
from infrastructure.http.reading import RetriedWhenStale, ViewInPath
from infrastructure.http.responses import written
from infrastructure.querying.views import SuggestionShown, suggestion_shown

router = APIRouter(prefix="/v1/device-users/{cduid}", tags=["read"], route_class=RetriedWhenStale)


class NextUpPage(TypedDict):
    items: list[SuggestionShown]
    next_cursor: str | None
    position: int


class _NextUpCursor(NamedTuple):
    """Where a page ended. In a section what has the greater rank comes first."""

    section: Section
    rank: int
    item: str


_PLACE = TypeAdapter(_NextUpCursor)
_PAGE = TypeAdapter(NextUpPage)


@router.get(
    "/next-up",
    summary="What comes next",
    response_model=NextUpPage,
    responses=problems("unknown_device_user", "invalid_cursor", "projection_behind"),
)
def get_next_up(
    asked: ViewInPath,
    section: Annotated[Section | None, Query()] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    after = None if cursor is None else from_cursor(cursor, _PLACE)
    with asked.opened() as view:
        viewer = view.viewer
        sections = list(Section) if section is None else [section]
        if after is not None and after.section in sections:
            sections = sections[sections.index(after.section) :]
        found = chain.from_iterable(
            _after(next_up(viewer, each), viewer, after) for each in sections
        )
        page, is_more = page_of(found, limit)
        shown = NextUpPage(
            items=[suggestion_shown(viewer, each) for each in page],
            next_cursor=to_cursor(_place(viewer, page[-1])) if is_more else None,
            position=view.position,
        )
    return written(_PAGE, shown)


def _place(viewer: Viewer, found: Suggestion) -> _NextUpCursor:
    rank = viewer.catalog.nodes[found.item].placed_version if found.at_us is None else found.at_us
    return _NextUpCursor(found.section, rank, found.item)


def _after(
    section: Iterable[Suggestion], viewer: Viewer, after: _NextUpCursor | None
) -> Iterator[Suggestion]:
    """What comes after a place in its section; all of another section."""
    if after is None:
        yield from section
        return
    is_past = False
    for found in section:
        place = _place(viewer, found)
        if place.section != after.section or place.rank < after.rank or is_past:
            yield found
        is_past = is_past or place == after
