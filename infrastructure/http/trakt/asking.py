"""What Trakt's routes ask for: who calls, the body, and the viewer as of all that was said."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, NamedTuple, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from domain.rejection import Refused
from domain.viewer import Viewer
from infrastructure.http.bodies import read_body
from infrastructure.http.dependencies import services_of, vouch
from infrastructure.http.position_watch import PositionWatch
from infrastructure.http.server.bearer import bearer_token
from infrastructure.http.trakt.errors import TraktError
from infrastructure.querying.reader import Snapshot
from infrastructure.services import Services

M = TypeVar("M", bound=BaseModel)

_WAIT_SECONDS = 5.0
_FAULTS_MAX = 3


class Client(NamedTuple):
    """A Trakt client that calls: its device user, whose that is, and the services."""

    cduid: str
    user: str
    services: Services


async def _client(request: Request) -> Client:
    token = bearer_token(request.scope)
    if token is None:
        raise TraktError(401, "unauthorized", "Send the header Authorization: Bearer TOKEN.")
    services = services_of(request)
    try:
        caller = await run_in_threadpool(services.trakt.tokens.caller, token)
    except Refused as refused:
        raise TraktError(401, "invalid_token", refused.rejection.detail) from None
    vouch(request, caller)
    cduid = caller.cduid or ""
    return Client(cduid, services.trakt.finder.user(cduid), services)


ClientAsked = Annotated[Client, Depends(_client)]


class View(NamedTuple):
    """What a client's viewer sees, and what it is read from."""

    viewer: Viewer
    snapshot: Snapshot


class ViewAsked:
    """The view of the client that calls, as of all said before; opened where it is used."""

    def __init__(self, client: Client) -> None:
        self.client = client

    @contextmanager
    def opened(self) -> Iterator[View]:
        with self.client.services.reader.snapshot() as snapshot:
            yield View(snapshot.viewer(self.client.cduid), snapshot)


async def _view(request: Request, client: ClientAsked) -> ViewAsked:
    """Waits until all that was said is projected: clients read what they just wrote."""
    end = (await run_in_threadpool(client.services.ledger.head)).position
    watch: PositionWatch = request.app.state.position_watch
    if await watch.reached(end, _WAIT_SECONDS) < end:
        raise TraktError(503, "unavailable", "What was said isn't read yet. Ask again later.")
    return ViewAsked(client)


ViewOfClient = Annotated[ViewAsked, Depends(_view)]


def sent(model: type[M]) -> Callable[[Request], Awaitable[M]]:
    """A dependency that gives the body as a model; what a client says besides is left aside."""

    async def read(request: Request) -> M:
        body = await read_body(request)
        try:
            return model.model_validate_json(body or b"{}")
        except ValidationError as error:
            raise _unreadable(error) from None

    return read


def _unreadable(error: ValidationError) -> TraktError:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if any(each["type"] == "json_invalid" for each in found):
        return TraktError(400, "invalid_json", "The body isn't JSON.")
    told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found[:_FAULTS_MAX]]
    return TraktError(422, "invalid_body", "; ".join(told))
