"""Sources' routes: media servers that tell by themselves are set up, and what came of them read."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from domain.commands import PutSource
from domain.items import SourceName
from infrastructure.http.bodies import body_of, described
from infrastructure.http.dependencies import AdminAsked, ServicesAsked, problems, reached
from infrastructure.http.paging import Cursor, Limit, from_cursor, page_of, to_cursor
from infrastructure.sources.deliveries import RETRIED, DeliveryShown, Place, Status
from infrastructure.sources.source_view import SourceShown, source_shown, sources_shown

router = APIRouter(prefix="/v1/sources", tags=["sources"])

_BODY_CODES = ("invalid_body", "body_not_json", "body_not_utf8", "body_too_large", "admin_only")
_ASKED = problems("admin_only", "unknown_source")
_IDS_MAX = 1_000
_Id = Annotated[int, Field(ge=0, lt=2**62)]
_PLACE: TypeAdapter[Place] = TypeAdapter(Place)

SourceInPath = Annotated[SourceName, Path(description="A source.")]


class PutSourceAnswer(BaseModel):
    """The hook is told this once: the path of the address that the server posts to."""

    hook: str | None = Field(default=None, description="There if the source is new.")
    position: int
    retried: int = Field(description="How many held deliveries were tried again.")
    settled: int = Field(description="How many of these aren't held any more.")


class HookToldAnswer(BaseModel):
    """The hook is told this once; the one before it is no longer valid."""

    hook: str
    position: int


class PositionReached(BaseModel):
    position: int


class SourcesAnswer(BaseModel):
    items: list[SourceShown]


class DeliveriesPage(BaseModel):
    items: list[DeliveryShown]
    next_cursor: str | None


class RetryDeliveries(BaseModel):
    """Without ids, all that is held or failed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    ids: Annotated[list[_Id] | None, Field(max_length=_IDS_MAX)] = None


class RetryAnswer(BaseModel):
    """`settled` are neither held nor failed any more."""

    tried: int
    settled: int
    position: int


@router.put(
    "/{source}",
    summary="Set up a media server that tells by itself, or change how it is taken",
    response_model_exclude_none=True,
    responses={
        **problems(*_BODY_CODES, "source_differs", "source_reserved"),
        201: {"model": PutSourceAnswer, "description": "Set up; the hook is told this once."},
    },
    openapi_extra=described("PutSource", TypeAdapter(PutSource)),
)
def put_source(
    _: AdminAsked,
    source: SourceInPath,
    services: ServicesAsked,
    command: Annotated[PutSource, Depends(body_of(PutSource))],
    response: Response,
) -> PutSourceAnswer:
    position, hook = services.sources.put(source, command)
    retried = services.taker.retry_held(services.sources.named(source))
    if hook is not None:
        response.status_code = status.HTTP_201_CREATED
    if retried.settled:
        position = services.ledger.head().position
    return PutSourceAnswer(
        hook=hook,
        position=reached(response, position),
        retried=retried.tried,
        settled=retried.settled,
    )


@router.get("", summary="All sources, with what came last", responses=problems("admin_only"))
def get_sources(_: AdminAsked, services: ServicesAsked) -> SourcesAnswer:
    return SourcesAnswer(items=sources_shown(services.sources, services.deliveries))


@router.get("/{source}", summary="A source, with what came last", responses=_ASKED)
def get_source(_: AdminAsked, source: SourceInPath, services: ServicesAsked) -> SourceShown:
    return source_shown(services.sources, services.deliveries, source)


@router.post("/{source}/secret", summary="A new address in place of the old one", responses=_ASKED)
def rotate_secret(
    _: AdminAsked, source: SourceInPath, services: ServicesAsked, response: Response
) -> HookToldAnswer:
    position, hook = services.sources.rotate_secret(source)
    return HookToldAnswer(hook=hook or "", position=reached(response, position))


@router.delete("/{source}", summary="Take no more of it; what it told stays", responses=_ASKED)
def remove_source(
    _: AdminAsked, source: SourceInPath, services: ServicesAsked, response: Response
) -> PositionReached:
    return PositionReached(position=reached(response, services.sources.remove(source)))


@router.get(
    "/{source}/deliveries",
    summary="What came, newest first, and what became of it",
    responses=problems("admin_only", "unknown_source", "invalid_cursor"),
)
def get_deliveries(
    _: AdminAsked,
    source: SourceInPath,
    services: ServicesAsked,
    status: Annotated[Status | None, Query(description="Only these.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> DeliveriesPage:
    services.sources.named(source)
    after = None if cursor is None else from_cursor(cursor, _PLACE)
    found = services.deliveries.page(source, status, limit + 1, after)
    page, is_more = page_of(found, limit)
    return DeliveriesPage(
        items=page,
        next_cursor=to_cursor(Place.of(page[-1])) if is_more else None,
    )


@router.post(
    "/{source}/deliveries/retry",
    summary="Try again what is held or failed",
    responses=problems(*_BODY_CODES, "unknown_source"),
    openapi_extra=described("RetryDeliveries", TypeAdapter(RetryDeliveries)),
)
def retry_deliveries(
    _: AdminAsked,
    source: SourceInPath,
    services: ServicesAsked,
    command: Annotated[RetryDeliveries, Depends(body_of(RetryDeliveries, unless_sent=b"{}"))],
    response: Response,
) -> RetryAnswer:
    services.sources.named(source)
    tried, settled = services.taker.retry(source, RETRIED, command.ids)
    position = services.ledger.head().position
    return RetryAnswer(tried=tried, settled=settled, position=reached(response, position))
