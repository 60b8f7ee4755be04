"""What the admin lists: device users, and the catalog with all that is hidden in it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, TypeAdapter

from domain.catalog import Catalog
from domain.items import Id, ItemId, Kind, kind_of
from domain.placing import unknown_item
from domain.rejection import Refused
from infrastructure.http.dependencies import AdminAsked, ServicesAsked, problems
from infrastructure.http.in_order import PATH, listed, path_of
from infrastructure.http.paging import Cursor, Limit, from_cursor, page_of, to_cursor
from infrastructure.http.reading import After
from infrastructure.querying.device_user_view import (
    DeviceUserShown,
    device_users_shown,
    listed_cduids,
)

router = APIRouter(prefix="/v1", tags=["read"], dependencies=[After])

_LIST = problems("admin_only", "invalid_cursor", "projection_behind")
_ID = TypeAdapter(Id)


class DeviceUsersPage(BaseModel):
    items: list[DeviceUserShown]
    next_cursor: str | None
    position: int


class CatalogItem(BaseModel):
    """An item as it was placed, and the others of its work.

    `hidden` says of itself; what it stands under may be, too.
    """

    item: str
    kind: Kind
    parent: str | None
    index: int | None
    title: str | None
    tags: tuple[str, ...]
    external_ids: Mapping[str, str]
    runtime_seconds: float | None
    tracks_progress: bool | None
    year: int | None
    released_at: datetime | None
    work: list[str]
    hidden: bool
    present: bool
    placed_version: int


class CatalogPage(BaseModel):
    items: list[CatalogItem]
    next_cursor: str | None
    position: int
    version: int


@router.get("/device-users", summary="All device users, by cduid", responses=_LIST)
def get_device_users(
    _: AdminAsked,
    services: ServicesAsked,
    user: Annotated[Id | None, Query()] = None,
    retired: Annotated[bool, Query(description="Those that are retired, too.")] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> DeviceUsersPage:
    after = "" if cursor is None else from_cursor(cursor, _ID)
    with services.reader.snapshot() as snapshot:
        cduids = listed_cduids(snapshot.directory, user, with_retired=retired)
        page, is_more = page_of((cduid for cduid in cduids if cduid > after), limit)
        return DeviceUsersPage(
            items=device_users_shown(snapshot, page),
            next_cursor=to_cursor(page[-1]) if is_more else None,
            position=snapshot.position,
        )


@router.get(
    "/catalog/items",
    summary="The catalog, parents first, hidden items too",
    responses={**_LIST, **problems("unknown_item", "admin_only", "invalid_cursor")},
)
def get_catalog(
    _: AdminAsked,
    services: ServicesAsked,
    parent: Annotated[ItemId | None, Query(description="Its children only.")] = None,
    kind: Annotated[Kind | None, Query()] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> CatalogPage:
    after = None if cursor is None else from_cursor(cursor, PATH)
    with services.reader.snapshot() as snapshot:
        catalog = snapshot.directory.catalog
        if parent is not None and parent not in catalog:
            raise Refused(unknown_item(parent))
        found = (item for item in listed(catalog, parent, after) if kind in {None, kind_of(item)})
        page, is_more = page_of(found, limit)
        return CatalogPage(
            items=[_catalog_item(catalog, item) for item in page],
            next_cursor=to_cursor(path_of(catalog, page[-1])) if is_more else None,
            position=snapshot.position,
            version=catalog.version,
        )


def _catalog_item(catalog: Catalog, item: str) -> CatalogItem:
    node = catalog.nodes[item]
    return CatalogItem(
        item=item,
        kind=kind_of(item),
        parent=node.parent,
        **dict(node.details),
        work=[each for each in catalog.work(item) if each != item],
        hidden=item in catalog.hidden,
        present=catalog.is_present(item),
        placed_version=node.placed_version,
    )
