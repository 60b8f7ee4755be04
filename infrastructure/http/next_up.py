"""What comes next for a viewer, in its four sections (rule 14)."""

from itertools import chain
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from domain.next_up import Rank, Section, next_up
from domain.viewer import Viewer
from infrastructure.http.dependencies import problems
from infrastructure.http.paging import Cursor, Limit, from_cursor, page_of, to_cursor
from infrastructure.http.reading import VIEW_PROBLEMS, RetriedWhenStale, ViewInPath
from infrastructure.http.responses import written
from infrastructure.querying.views import SuggestionShown, suggestion_shown

router = APIRouter(prefix="/v1/device-users/{cduid}", tags=["read"], route_class=RetriedWhenStale)


class NextUpPage(TypedDict):
    items: list[SuggestionShown]
    next_cursor: str | None
    position: int


class _NextUpCursor(NamedTuple):
    """Where a page ended: the next one goes on behind it, whatever becomes of what stood there."""

    section: Section
    rank: Rank


class _Found(NamedTuple):
    """A page, without the position that it is told with."""

    items: list[SuggestionShown]
    next_cursor: str | None


_KEPT_LIMIT_MAX, _KEPT_PAGES_MAX = 100, len(Section) + 1
"""Some 100 kB a page."""

_PLACE = TypeAdapter(_NextUpCursor)
_PAGE = TypeAdapter(NextUpPage)


@router.get(
    "/next-up",
    summary="What comes next",
    response_model=NextUpPage,
    responses=problems(*VIEW_PROBLEMS, "invalid_cursor"),
)
def get_next_up(
    asked: ViewInPath,
    section: Annotated[Section | None, Query()] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    after = None if cursor is None else from_cursor(cursor, _PLACE)
    with asked.opened() as view:
        if after is None and limit <= _KEPT_LIMIT_MAX:
            found = _first_page(view.viewer, section, limit)
        else:
            found = _page(view.viewer, section, limit, after)
        shown = NextUpPage(items=found.items, next_cursor=found.next_cursor, position=view.position)
    return written(_PAGE, shown)


def _first_page(viewer: Viewer, section: Section | None, limit: int) -> _Found:
    """What a home screen asks for: it stays with the viewer, as what it is made of does."""
    pages: dict[tuple[Section | None, int], _Found] = viewer.remember("next up: pages", dict)
    key = section, limit
    if key not in pages:
        if len(pages) >= _KEPT_PAGES_MAX:
            pages.clear()
        pages[key] = _page(viewer, section, limit, None)
    return pages[key]


def _page(
    viewer: Viewer, section: Section | None, limit: int, after: _NextUpCursor | None
) -> _Found:
    sections = list(Section) if section is None else [section]
    if after is not None and after.section in sections:
        sections = sections[sections.index(after.section) :]
    everything = chain.from_iterable(next_up(viewer, each) for each in sections)
    found = (
        each
        for each in everything
        if after is None or each.section != after.section or each.rank > after.rank
    )
    page, is_more = page_of(found, limit)
    return _Found(
        [suggestion_shown(viewer, each) for each in page],
        to_cursor((page[-1].section, page[-1].rank)) if is_more else None,
    )
