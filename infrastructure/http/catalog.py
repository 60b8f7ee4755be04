"""The catalog's routes for writing: items are placed, hidden and restored, and linked as works."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from domain.commands import LinkItems, PlaceItem
from domain.linking import LinkedStatus
from domain.placing import PlacedStatus
from domain.rejection import Rejection
from infrastructure.commands.handler import Reached
from infrastructure.commands.placements import (
    ITEMS_BODY,
    LINKS_BODY,
    parse_items,
    parse_links,
)
from infrastructure.commands.submissions import Unreadable
from infrastructure.http.bodies import described, read_body, unreadable
from infrastructure.http.dependencies import (
    AdminAsked,
    ItemInPath,
    ServicesAsked,
    problems,
    reached,
)
from infrastructure.http.events import Error

router = APIRouter(prefix="/v1/catalog", tags=["write"])

_BODY = problems("invalid_body", "body_not_json", "body_not_utf8", "body_too_large", "admin_only")
_ONE = problems("unknown_item", "admin_only")

C = TypeVar("C", bound=PlaceItem | LinkItems)


class ItemResult(BaseModel):
    """What became of one item."""

    item: str | None
    status: Literal[PlacedStatus, "rejected"]
    error: Error | None = None


class ItemsAnswer(BaseModel):
    results: list[ItemResult]
    position: int
    version: int


class LinkResult(BaseModel):
    """What became of one link, by its first item."""

    item: str | None
    status: Literal[LinkedStatus, "rejected"]
    error: Error | None = None


class LinksAnswer(BaseModel):
    results: list[LinkResult]
    position: int
    version: int


class CatalogAnswer(BaseModel):
    position: int
    version: int


@router.post(
    "/items",
    summary="Place, move or describe items",
    response_model_exclude_unset=True,
    responses=_BODY,
    openapi_extra=described("ItemsBody", ITEMS_BODY),
)
def post_items(
    _: AdminAsked,
    services: ServicesAsked,
    body: Annotated[bytes, Depends(read_body)],
    response: Response,
) -> ItemsAnswer:
    try:
        parsed = parse_items(body)
    except ValueError as error:
        raise unreadable(body, error) from None
    placed, (position, version) = services.handler.place_items(_readable(parsed))
    results = [ItemResult.model_validate(each) for each in _results(parsed, placed)]
    return ItemsAnswer(results=results, position=reached(response, position), version=version)


@router.post(
    "/links",
    summary="Make items one work, so that what is said of one is said of both",
    response_model_exclude_unset=True,
    responses=_BODY,
    openapi_extra=described("LinksBody", LINKS_BODY),
)
def post_links(
    _: AdminAsked,
    services: ServicesAsked,
    body: Annotated[bytes, Depends(read_body)],
    response: Response,
) -> LinksAnswer:
    try:
        parsed = parse_links(body)
    except ValueError as error:
        raise unreadable(body, error) from None
    linked, (position, version) = services.handler.link_items(_readable(parsed))
    results = [LinkResult.model_validate(each) for each in _results(parsed, linked)]
    return LinksAnswer(results=results, position=reached(response, position), version=version)


def _readable(parsed: Sequence[C | Unreadable]) -> list[C]:
    return [each for each in parsed if not isinstance(each, Unreadable)]


def _results(
    parsed: Sequence[PlaceItem | LinkItems | Unreadable], decided: Sequence[str | Rejection]
) -> Iterator[dict[str, Any]]:
    """What became of each that was sent, in order, those that couldn't be read among them."""
    rest = iter(decided)
    for each in parsed:
        name, result = each if isinstance(each, Unreadable) else (each.item, next(rest))
        if isinstance(result, Rejection):
            yield {"item": name, "status": "rejected", "error": result._asdict()}
        else:
            yield {"item": name, "status": result}


@router.delete("/links/{item}", summary="Give an item a work of its own again", responses=_ONE)
def unlink_item(
    _: AdminAsked, item: ItemInPath, services: ServicesAsked, response: Response
) -> CatalogAnswer:
    return _answer(services.handler.unlink_item(item), response)


@router.delete("/items/{item}", summary="Hide an item and all under it", responses=_ONE)
def hide_item(
    _: AdminAsked, item: ItemInPath, services: ServicesAsked, response: Response
) -> CatalogAnswer:
    return _answer(services.handler.hide_item(item), response)


@router.post("/items/{item}/restore", summary="Bring a hidden item back", responses=_ONE)
def restore_item(
    _: AdminAsked, item: ItemInPath, services: ServicesAsked, response: Response
) -> CatalogAnswer:
    return _answer(services.handler.restore_item(item), response)


def _answer(written: Reached, response: Response) -> CatalogAnswer:
    return CatalogAnswer(position=reached(response, written.position), version=written.version)
