"""What the admin lists: device users, and the catalog with all that is hidden in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import select

from domain.catalog import Catalog
from domain.directory import Directory
from domain.events import IsolationMode
from domain.items import Id, ItemId, Kind, kind_of
from domain.placing import unknown_item
from infrastructure.commands.handler import Refused
from infrastructure.http.dependencies import AdminAsked, ServicesAsked, problems
from infrastructure.http.in_order import PATH, listed, path_of
from infrastructure.http.paging import Cursor, Limit, from_cursor, page_of, to_cursor
from infrastructure.http.reading import After
from infrastructure.querying.reader import Snapshot
from projections.device_users import ClientDevice

router = APIRouter(prefix="/v1", tags=["read"], dependencies=[After])

_LIST = problems("admin_only", "invalid_cursor", "projection_behind")
_ID = TypeAdapter(Id)


class DeviceUserShown(BaseModel):
    """`last_connected_at`: when the newest event of any user of the device was recorded."""

    cduid: str
    user: str
    device: str
    reported_name: str | None
    display_name: str | None
    kind: str | None
    isolation_mode: IsolationMode
    watch_group: str
    has_token: bool
    last_connected_at: datetime | None


class DeviceUsersPage(BaseModel):
    items: list[DeviceUserShown]
    next_cursor: str | None
    position: int


class CatalogItem(BaseModel):
    """An item as it was placed. `hidden` says of itself; what it stands under may be, too."""

    item: str
    kind: Kind
    parent: str | None
    index: int | None
    title: str | None
    tags: tuple[str, ...]
    external_ids: Mapping[str, str]
    runtime_seconds: float | None
    tracks_progress: bool | None
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
    limit: Limit = 100,
    cursor: Cursor = None,
) -> DeviceUsersPage:
    after = "" if cursor is None else from_cursor(cursor, _ID)
    with services.reader.snapshot() as snapshot:
        known = snapshot.directory.device_users
        cduids = sorted(known) if user is None else sorted(snapshot.directory.cduids(user))
        page, is_more = page_of((cduid for cduid in cduids if cduid > after), limit)
        return DeviceUsersPage(
            items=device_users_shown(snapshot, page),
            next_cursor=to_cursor(page[-1]) if is_more else None,
            position=snapshot.position,
        )


def device_users_shown(snapshot: Snapshot, cduids: Sequence[str]) -> list[DeviceUserShown]:
    """Registered device users, as the admin is shown them."""
    directory = snapshot.directory
    devices = [directory.device_users[cduid].device for cduid in cduids]
    connected = _last_connected(snapshot, devices)
    return [_device_user(directory, cduid, connected) for cduid in cduids]


def _last_connected(snapshot: Snapshot, devices: list[str]) -> dict[str, datetime]:
    query = select(ClientDevice.device, ClientDevice.last_connected_at)
    rows = snapshot.connection.execute(query.where(ClientDevice.device.in_(devices)))
    return {device: at for device, at in rows}  # noqa: C416  # rows aren't pairs to the checker


def _device_user(
    directory: Directory, cduid: str, connected: Mapping[str, datetime]
) -> DeviceUserShown:
    known = directory.device_users[cduid]
    return DeviceUserShown(
        cduid=cduid,
        user=known.user,
        device=known.device,
        reported_name=known.reported_name,
        display_name=known.display_name,
        kind=known.kind,
        isolation_mode=known.isolation_mode,
        watch_group=known.watch_group,
        has_token=known.token_sha256 is not None,
        last_connected_at=connected.get(known.device),
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
        hidden=item in catalog.hidden,
        present=catalog.is_present(item),
        placed_version=node.placed_version,
    )
