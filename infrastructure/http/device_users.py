"""Device users' and users' routes for writing: registering, settings, tokens, access."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status
from pydantic import BaseModel, Field, TypeAdapter

from domain.access import unmatched
from domain.commands import PatchDeviceUser, PutAccess, PutDeviceUser, ReassignDeviceUser
from domain.items import Id
from infrastructure.erasing.eraser import notes_of
from infrastructure.http.bodies import body_of, described
from infrastructure.http.dependencies import (
    AdminAsked,
    AdminsCduid,
    OwnCduid,
    ServicesAsked,
    UserInPath,
    problems,
    reached,
)
from infrastructure.http.problem_details import parameter_problem
from infrastructure.http.reading import After

router = APIRouter(prefix="/v1", tags=["write"])

_BODY_CODES = ("invalid_body", "body_not_json", "body_not_utf8", "body_too_large")


class PositionAnswer(BaseModel):
    position: int


class AccessAnswer(BaseModel):
    """A user's limits: null is none. `warnings` name what nothing in the catalog matches."""

    allowed_shelves: list[str] | None
    allowed_tags: list[str] | None
    denied_tags: list[str]
    warnings: list[str]
    position: int


class PutAccessAnswer(BaseModel):
    """`warnings` name what nothing in the catalog matches; the limits hold all the same."""

    position: int
    warnings: list[str]


class EraseAnswer(BaseModel):
    """How many events were emptied. `notes` say what the database's keeper has yet to see to."""

    position: int
    events: int
    is_compacted: bool = Field(
        description="Whether the database's files were written anew. If not, they are at the next "
        "start of the service; until then bytes of what was erased may be in them."
    )
    notes: list[str]


class PutAnswer(BaseModel):
    """The token is told this once."""

    token: str | None = Field(default=None, description="There if the device user is new.")
    position: int


class TokenAnswer(BaseModel):
    """The token is told this once; the one before it is no longer valid."""

    token: str
    position: int


class ReinstateAnswer(BaseModel):
    """The token is told this once."""

    token: str | None = Field(default=None, description="There if the device user was retired.")
    position: int


@router.put(
    "/device-users/{cduid}",
    summary="Register a device user, or change it",
    response_model_exclude_none=True,
    responses={
        **problems(*_BODY_CODES, "admin_only", "unknown_device_user"),
        **problems("device_user_retired", "device_user_differs"),
        201: {"model": PutAnswer, "description": "Registered; the token is told this once."},
    },
    openapi_extra=described("PutDeviceUser", TypeAdapter(PutDeviceUser)),
)
def put_device_user(
    cduid: AdminsCduid,
    services: ServicesAsked,
    command: Annotated[PutDeviceUser, Depends(body_of(PutDeviceUser))],
    response: Response,
) -> PutAnswer:
    written, token = services.handler.put_device_user(cduid, command)
    if token is not None:
        response.status_code = status.HTTP_201_CREATED
    return PutAnswer(token=token, position=reached(response, written.position))


@router.patch(
    "/device-users/{cduid}",
    summary="Change a device user's isolation mode or name",
    responses=problems(*_BODY_CODES, "unknown_device_user"),
    openapi_extra=described("PatchDeviceUser", TypeAdapter(PatchDeviceUser)),
)
def patch_device_user(
    cduid: OwnCduid,
    services: ServicesAsked,
    command: Annotated[PatchDeviceUser, Depends(body_of(PatchDeviceUser))],
    response: Response,
) -> PositionAnswer:
    written = services.handler.patch_device_user(cduid, command)
    return PositionAnswer(position=reached(response, written.position))


@router.post(
    "/device-users/{cduid}/token",
    summary="Issue a new token in place of the old one",
    responses=problems("admin_only", "unknown_device_user", "device_user_retired"),
)
def rotate_token(cduid: AdminsCduid, services: ServicesAsked, response: Response) -> TokenAnswer:
    written, token = services.handler.rotate_token(cduid)
    return TokenAnswer(token=token, position=reached(response, written.position))


@router.delete(
    "/device-users/{cduid}/token",
    summary="Revoke the token",
    responses=problems("admin_only", "unknown_device_user"),
)
def revoke_token(cduid: AdminsCduid, services: ServicesAsked, response: Response) -> PositionAnswer:
    written = services.handler.revoke_token(cduid)
    return PositionAnswer(position=reached(response, written.position))


@router.post(
    "/device-users/{cduid}/reassign",
    summary="Give a device user to another user, with all that it ever said",
    responses=problems(*_BODY_CODES, "admin_only", "unknown_device_user"),
    openapi_extra=described("ReassignDeviceUser", TypeAdapter(ReassignDeviceUser)),
)
def reassign_device_user(
    cduid: AdminsCduid,
    services: ServicesAsked,
    command: Annotated[ReassignDeviceUser, Depends(body_of(ReassignDeviceUser))],
    response: Response,
) -> PositionAnswer:
    written = services.handler.reassign(cduid, command.user)
    return PositionAnswer(position=reached(response, written.position))


@router.post(
    "/device-users/{cduid}/retire",
    summary="Take a device user out of every list and its token away; what it said stays",
    responses=problems("admin_only", "unknown_device_user"),
)
def retire_device_user(
    cduid: AdminsCduid, services: ServicesAsked, response: Response
) -> PositionAnswer:
    written = services.handler.retire(cduid)
    return PositionAnswer(position=reached(response, written.position))


@router.post(
    "/device-users/{cduid}/reinstate",
    summary="Take a retirement back; there is a new token then",
    response_model_exclude_none=True,
    responses=problems("admin_only", "unknown_device_user"),
)
def reinstate_device_user(
    cduid: AdminsCduid, services: ServicesAsked, response: Response
) -> ReinstateAnswer:
    written, token = services.handler.reinstate(cduid)
    return ReinstateAnswer(token=token, position=reached(response, written.position))


@router.put(
    "/users/{user}/access",
    summary="Limit what a user sees",
    responses=problems(*_BODY_CODES, "admin_only"),
    openapi_extra=described("PutAccess", TypeAdapter(PutAccess)),
)
def put_access(
    _: AdminAsked,
    user: UserInPath,
    services: ServicesAsked,
    command: Annotated[PutAccess, Depends(body_of(PutAccess))],
    response: Response,
) -> PutAccessAnswer:
    written, warnings = services.handler.put_access(user, command)
    return PutAccessAnswer(position=reached(response, written.position), warnings=warnings)


@router.delete(
    "/users/{user}",
    summary="Erase a user: all that their devices said, and everything that tells of it",
    responses=problems("admin_only", "unknown_user", "rebuild_running", "rebuild_due"),
)
def erase_user(
    _: AdminAsked,
    user: UserInPath,
    services: ServicesAsked,
    confirm: Annotated[Id, Query(description="The user's name once more: nothing undoes this.")],
    response: Response,
) -> EraseAnswer:
    if confirm != user:
        detail = "must be the name in the path; nothing was erased"
        raise parameter_problem("confirm", detail)
    erased = services.eraser.erase(user)
    return EraseAnswer(
        position=reached(response, erased.position),
        events=erased.events,
        is_compacted=erased.is_compacted,
        notes=notes_of(erased),
    )


@router.get(
    "/users/{user}/access",
    summary="The limits of what a user sees",
    dependencies=[After],
    responses=problems("admin_only", "projection_behind"),
)
def get_access(_: AdminAsked, user: UserInPath, services: ServicesAsked) -> AccessAnswer:
    with services.reader.snapshot() as snapshot:
        access = snapshot.directory.access(user)
        return AccessAnswer(
            allowed_shelves=_listed(access.allowed_shelves),
            allowed_tags=_listed(access.allowed_tags),
            denied_tags=sorted(access.denied_tags),
            warnings=unmatched(access, snapshot.directory.catalog),
            position=snapshot.position,
        )


def _listed(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)
