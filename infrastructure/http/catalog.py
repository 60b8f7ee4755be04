"""The catalog's routes for writing: media servers place, hide and restore items."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ValidationError

from domain.commands import PlaceItem
from domain.placing import PlacedStatus
from domain.rejection import Rejection
from infrastructure.commands.handler import Reached
from infrastructure.commands.placements import ITEMS_BODY, parse_items
from infrastructure.http.bodies import described, read_body, unreadable
from infrastructure.http.dependencies import (
    AdminAsked,
    ItemInPath,
    ServicesAsked,
    problems,
    reached,
)
from infrastructure.http.events import Error

router = APIRouter(prefix="/v1/catalog/items", tags=["write"])


class ItemResult(BaseModel):
    """What became of one item."""

    item: str | None
    status: Literal[PlacedStatus, "rejected"]
    error: Error | None = None


class ItemsAnswer(BaseModel):
    results: list[ItemResult]
    position: int
    version: int


class CatalogAnswer(BaseModel):
    position: int
    version: int


@router.post(
    "",
    summary="Place, move or describe items",
    response_model_exclude_unset=True,
    responses=problems(
        "invalid_body", "body_not_json", "body_not_utf8", "body_too_large", "admin_only"
    ),
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
    except ValidationError as error:
        raise unreadable(body, error) from None
    commands = [each for each in parsed if isinstance(each, PlaceItem)]
    placed, (position, version) = services.handler.place_items(commands)
    rest = iter(placed)
    results = [
        _result(each.item, next(rest)) if isinstance(each, PlaceItem) else _result(*each)
        for each in parsed
    ]
    return ItemsAnswer(results=results, position=reached(response, position), version=version)


def _result(item: str | None, result: PlacedStatus | Rejection) -> ItemResult:
    if isinstance(result, Rejection):
        return ItemResult(item=item, status="rejected", error=Error(**result._asdict()))
    return ItemResult(item=item, status=result)


@router.delete(
    "/{item}",
    summary="Hide an item and all under it",
    responses=problems("unknown_item", "admin_only"),
)
def hide_item(
    _: AdminAsked, item: ItemInPath, services: ServicesAsked, response: Response
) -> CatalogAnswer:
    return _answer(services.handler.hide_item(item), response)


@router.post(
    "/{item}/restore",
    summary="Bring a hidden item back",
    responses=problems("unknown_item", "admin_only"),
)
def restore_item(
    _: AdminAsked, item: ItemInPath, services: ServicesAsked, response: Response
) -> CatalogAnswer:
    return _answer(services.handler.restore_item(item), response)


def _answer(written: Reached, response: Response) -> CatalogAnswer:
    return CatalogAnswer(position=reached(response, written.position), version=written.version)
