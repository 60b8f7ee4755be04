"""What was played, counted: by user, month and show, for the admin."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, TypeAdapter

from domain.items import Id, ItemId
from infrastructure.http.dependencies import AdminAsked, ServicesAsked, problems
from infrastructure.http.paging import Cursor, Limit, from_cursor, page_of, to_cursor
from infrastructure.http.reading import After
from projections.stats import Stat, stats, stats_order

router = APIRouter(prefix="/v1", tags=["read"], dependencies=[After])

Month = Annotated[
    str,
    Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="A month in UTC, such as 2026-11."),
]


class StatShown(BaseModel):
    """Plays of a show, or of a movie or streamable itself, and the hours that they run."""

    user: str
    month: str
    of: str
    plays: int
    hours: float = Field(description="By running times, not by what was seen of them.")


class StatsPage(BaseModel):
    stats: list[StatShown]
    next_cursor: str | None
    position: int


class _StatsCursor(NamedTuple):
    """Where a page ended."""

    user: Id
    month: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    of: ItemId


_PLACE = TypeAdapter(_StatsCursor)


@router.get(
    "/stats",
    summary="Plays and hours by user, month (newest first) and show",
    responses=problems("admin_only", "invalid_cursor", "projection_behind"),
)
def get_stats(
    _: AdminAsked,
    services: ServicesAsked,
    user: Annotated[Id | None, Query(description="This user's only.")] = None,
    month: Month | None = None,
    of: Annotated[ItemId | None, Query(description="A show, movie or streamable.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> StatsPage:
    after = None if cursor is None else Stat(*from_cursor(cursor, _PLACE), 0, 0.0)
    with services.reader.snapshot() as snapshot:
        catalog = snapshot.directory.catalog
        found = stats(snapshot.connection, catalog, user=user, month=month, of=of)
        rest = (row for row in found if after is None or stats_order(row) > stats_order(after))
        page, is_more = page_of(rest, limit)
        return StatsPage(
            stats=[StatShown(**row._asdict()) for row in page],
            next_cursor=to_cursor(page[-1][:3]) if is_more else None,
            position=snapshot.position,
        )
