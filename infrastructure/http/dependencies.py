"""What routes ask for beside their bodies: the services, who calls, and ids in the path."""

from typing import Annotated

from fastapi import Depends, Path, Request, Response
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase
from starlette.concurrency import run_in_threadpool

from domain.decisions import unknown_device_user
from domain.items import Id, ItemId
from domain.rejection import Refused
from infrastructure.commands.authentication import Caller
from infrastructure.http.problem_details import MEDIA_TYPE, STATUS_OF, Problem
from infrastructure.http.server.bearer import bearer_token
from infrastructure.operations.metrics import Metrics
from infrastructure.services import Services

POSITION_HEADER = "Watchledger-Position"
ADMIN = "(admin)"
"""Who called, in logs: no cduid looks like this."""


def services_of(request: Request) -> Services:
    """What the application works with. Cheaper than `ServicesAsked` where a request is at hand."""
    found: Services = request.app.state.services
    return found


async def _services(request: Request) -> Services:
    return services_of(request)


async def _metrics(request: Request) -> Metrics:
    found: Metrics = request.app.state.metrics
    return found


ServicesAsked = Annotated[Services, Depends(_services)]
MetricsAsked = Annotated[Metrics, Depends(_metrics)]


class BearerToken(SecurityBase):
    """Finds out who calls, and says in OpenAPI how: one dependency for both, as it is in each call.

    Raises Problem or Refused for a missing or wrong token.
    """

    def __init__(self) -> None:
        self.scheme_name = "token"
        self.model = HTTPBearerModel(
            description="The admin's token, or that of a device user, which reaches its own cduid "
            "only."
        )

    async def __call__(self, request: Request) -> Caller:
        token = bearer_token(request.scope)
        if token is None:
            raise Problem("token_missing", "Send the header Authorization: Bearer TOKEN.")
        authentication = services_of(request).authentication
        # The admin is known without a look into the database, and so without a thread to wait for.
        caller = (
            Caller(None)
            if authentication.is_admin(token)
            else await run_in_threadpool(authentication.authenticate, token)
        )
        vouch(request, caller)
        return caller


def vouch(request: Request, caller: Caller) -> None:
    """Says who called, for limits and logs; they ask no further by what that was found out."""
    request.state.vouched = caller
    request.state.caller = caller.cduid or ADMIN


CallerAsked = Annotated[Caller, Depends(BearerToken())]
CduidInPath = Annotated[Id, Path(description="A client device user.")]
ItemInPath = Annotated[ItemId, Path(description="An item, kind:key.")]
UserInPath = Annotated[Id, Path(description="A user.")]


async def admin_of(caller: CallerAsked) -> Caller:
    if caller.cduid is not None:
        raise Problem("admin_only", "Only the admin's token may do this.")
    return caller


def check_own(caller: Caller, cduid: str) -> None:
    """Raises Refused for a cduid that the caller may not reach: for a device no other is there."""
    if caller.cduid not in {None, cduid}:
        raise Refused(unknown_device_user(cduid))


async def _own_cduid(caller: CallerAsked, cduid: CduidInPath) -> str:
    check_own(caller, cduid)
    return cduid


async def _admins_cduid(caller: CallerAsked, cduid: Annotated[str, Depends(_own_cduid)]) -> str:
    await admin_of(caller)
    return cduid


AdminAsked = Annotated[Caller, Depends(admin_of)]
OwnCduid = Annotated[str, Depends(_own_cduid)]
"""The cduid in the path, for the admin and for that device."""
AdminsCduid = Annotated[str, Depends(_admins_cduid)]
"""The cduid in the path, for the admin."""


def reached(response: Response, position: int) -> int:
    """Says in the header which position a write has reached."""
    response.headers[POSITION_HEADER] = str(position)
    return position


_ANY_ROUTES = (
    "authorization_repeated",
    "invalid_parameter",
    "token_missing",
    "token_unknown",
    "too_many_requests",
    "database_locked",
)


def problems(*codes: str) -> dict[int | str, dict[str, object]]:
    """What OpenAPI says of the errors of a route, beside those that any may have."""
    found: dict[int, list[str]] = {}
    for code in dict.fromkeys((*_ANY_ROUTES, *codes)):
        found.setdefault(STATUS_OF.get(code, 400), []).append(code)
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {
        status: {
            "description": f"A problem: {', '.join(names)}.",
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status, names in found.items()
    }
