"""Authorizing, as applications do it: by a device's code or a PIN, refreshed, and revoked."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from domain.rejection import Refused
from infrastructure.http.dependencies import ServicesAsked, services_of
from infrastructure.http.trakt.asking import sent
from infrastructure.http.trakt.errors import TraktError
from infrastructure.trakt.codes import INTERVAL_SECONDS, LIFE_SECONDS, TooManyCodes
from infrastructure.trakt.tokens import LIFE_SECONDS as TOKEN_LIFE_SECONDS
from infrastructure.trakt.tokens import SCOPE, Pair

router = APIRouter(prefix="/oauth")

_SECOND_US = 1_000_000
_NAME_LENGTH_MAX = 200
_STATUS = {
    "pending": (400, "Nobody has approved the code yet."),
    "unknown": (404, "There is no such code."),
    "used": (409, "The code was used."),
    "expired": (410, "The code is too old; ask for another."),
    "denied": (418, "The code was denied."),
    "too_fast": (429, "Ask less often; interval says how often."),
}

Code = Annotated[str, Field(min_length=1, max_length=300)]


class _AskCode(BaseModel):
    client_id: Code


class _AskToken(BaseModel):
    code: Code
    client_id: Code


class _Grant(BaseModel):
    grant_type: str = ""
    client_id: Code
    code: str = ""
    refresh_token: str = ""


class _Revoke(BaseModel):
    token: Code


@router.post("/device/code")
def ask_code(
    request: Request, services: ServicesAsked, body: Annotated[_AskCode, Depends(sent(_AskCode))]
) -> dict[str, Any]:
    try:
        asked = services.trakt.codes.ask(body.client_id, _application(request))
    except TooManyCodes:
        raise TraktError(429, "too_many_codes", "Too many codes wait; ask later.") from None
    return {
        "device_code": asked.device_code,
        "user_code": asked.user_code,
        "verification_url": f"{str(request.base_url).rstrip('/')}/oauth/authorize",
        "expires_in": LIFE_SECONDS,
        "interval": INTERVAL_SECONDS,
    }


@router.post("/device/token")
def poll_token(
    services: ServicesAsked, body: Annotated[_AskToken, Depends(sent(_AskToken))]
) -> dict[str, Any]:
    taken = services.trakt.codes.take_device(body.code, body.client_id)
    if isinstance(taken, str):
        status, detail = _STATUS[taken]
        raise TraktError(status, taken, detail)
    return _told(services.trakt.tokens.issue(taken))


@router.post("/token")
def grant_token(
    request: Request, services: ServicesAsked, body: Annotated[_Grant, Depends(sent(_Grant))]
) -> dict[str, Any]:
    if body.grant_type == "refresh_token":
        pair = services.trakt.tokens.refresh(body.refresh_token, body.client_id)
        if pair is None:
            raise TraktError(401, "invalid_grant", "The refresh token is void or was used.")
        return _told(pair)
    if body.grant_type != "authorization_code":
        raise TraktError(400, "unsupported_grant_type", "There are refresh_token and code.")
    taken = services.trakt.codes.take_pin(body.code, body.client_id, _application(request))
    if isinstance(taken, str):
        raise TraktError(401, "invalid_grant", "The code is void, or was used.")
    return _told(services.trakt.tokens.issue(taken))


@router.post("/revoke")
def revoke(request: Request, body: Annotated[_Revoke, Depends(sent(_Revoke))]) -> dict[str, Any]:
    """As OAuth has it (RFC 7009, 2.2), a token that is void already is answered in the same way."""
    tokens = services_of(request).trakt.tokens
    try:
        tokens.revoke(tokens.caller(body.token).cduid or "")
    except Refused:
        return {}
    return {}


@router.get("/authorize")
def explain() -> dict[str, str]:
    """Who comes here with a code or for a PIN is told what to do."""
    return {
        "message": "Approve a code with `watchledger trakt authorize CODE --user USER`, or have a "
        "PIN made with `watchledger trakt authorize --user USER`."
    }


def _told(pair: Pair) -> dict[str, Any]:
    return {
        "access_token": pair.access_token,
        "token_type": "bearer",
        "expires_in": TOKEN_LIFE_SECONDS,
        "refresh_token": pair.refresh_token,
        "scope": SCOPE,
        "created_at": pair.created_at_us // _SECOND_US,
    }


def _application(request: Request) -> str | None:
    """What a client calls itself: all that tells a person which one asks."""
    said = request.headers.get("user-agent", "")
    return "".join(each for each in said if each.isprintable())[:_NAME_LENGTH_MAX] or None
