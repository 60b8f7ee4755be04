"""Trakt clients' approval: by the admin, who knows which person waits for which code."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from domain.items import Id
from infrastructure.http.bodies import body_of, described
from infrastructure.http.dependencies import AdminAsked, AdminsCduid, ServicesAsked, problems
from infrastructure.trakt.tokens import TokenShown

router = APIRouter(prefix="/v1/trakt", tags=["sources"])

_BODY_CODES = ("invalid_body", "body_not_json", "body_not_utf8", "body_too_large", "admin_only")


class ApproveClient(BaseModel):
    """Whose an application is that shows a code, or that none of them is anybody's."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Annotated[str, Field(min_length=1, max_length=100, description="What it shows.")]
    user: Annotated[Id | None, Field(description="Null denies it.")]


class ApprovedAnswer(BaseModel):
    application: str | None = Field(description="What the application calls itself.")


class ClientsAnswer(BaseModel):
    items: list[TokenShown]


@router.post(
    "/authorizations",
    summary="Approve the code that an application shows, or deny it",
    responses=problems(*_BODY_CODES, "unknown_code"),
    openapi_extra=described("ApproveClient", TypeAdapter(ApproveClient)),
)
def authorize(
    _: AdminAsked,
    services: ServicesAsked,
    body: Annotated[ApproveClient, Depends(body_of(ApproveClient))],
) -> ApprovedAnswer:
    codes = services.trakt.codes
    if body.user is None:
        return ApprovedAnswer(application=codes.deny(body.code))
    return ApprovedAnswer(application=codes.approve(body.code, body.user))


@router.get("/tokens", summary="All Trakt clients' tokens", responses=problems("admin_only"))
def get_tokens(_: AdminAsked, services: ServicesAsked) -> ClientsAnswer:
    return ClientsAnswer(items=services.trakt.tokens.all())


@router.delete(
    "/tokens/{cduid}",
    status_code=204,
    summary="Make a Trakt client's tokens void, at once",
    responses=problems("admin_only", "unknown_device_user"),
)
def revoke(cduid: AdminsCduid, services: ServicesAsked) -> None:
    services.trakt.tokens.revoke(cduid)
