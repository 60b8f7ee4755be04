"""What every read asks for: how far the projections must be, and as of when to answer."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import PlainValidator, WithJsonSchema
from starlette.concurrency import run_in_threadpool

from domain.decisions import unknown_device_user
from domain.rejection import Refused
from domain.viewer import Viewer
from infrastructure.http.dependencies import (
    AdminAsked,
    CallerAsked,
    CduidInPath,
    OwnCduid,
    check_own,
    services_of,
)
from infrastructure.http.looking_back import EffortForRequest
from infrastructure.http.position_watch import PositionWatch
from infrastructure.http.problem_details import Problem, parameter_problem
from infrastructure.querying import moments
from infrastructure.querying.reader import Snapshot
from infrastructure.querying.session import StaleRead
from infrastructure.services import Services

_POSITION_MAX = 2**62
_WAIT_SECONDS = 5.0
_WAIT_SECONDS_MAX = 30.0

VIEW_PROBLEMS = ("unknown_device_user", "projection_behind", "too_many_look_backs")
"""What a view may be answered with, whatever is asked of it."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

Position = Annotated[int, Query(ge=0, le=_POSITION_MAX)]

DAY_OR_TIME = [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]
_DIGITS = {"type": "integer", "minimum": 0}

Since = Annotated[
    datetime, PlainValidator(moments.beginning), WithJsonSchema({"anyOf": DAY_OR_TIME})
]
Until = Annotated[datetime, PlainValidator(moments.end), WithJsonSchema({"anyOf": DAY_OR_TIME})]
AsOf = Annotated[
    int | datetime,
    PlainValidator(moments.place),
    WithJsonSchema({"anyOf": [_DIGITS, *DAY_OR_TIME]}),
]

AfterAsked = Annotated[
    int | None,
    Query(ge=0, le=_POSITION_MAX, description="Answer only once this position is projected."),
]
WaitAsked = Annotated[
    float, Query(ge=0, le=_WAIT_SECONDS_MAX, description="How long to wait for it.")
]


async def _projected(request: Request, after: int | None, wait_seconds: float) -> None:
    """Waits, without holding a thread, until the projections are there. Raises Problem."""
    if after is None:
        return
    watch: PositionWatch = request.app.state.position_watch
    if (position := await watch.reached(after, 0)) >= after:
        return
    end = (await run_in_threadpool(services_of(request).ledger.head)).position
    if after > end:
        raise parameter_problem(
            "after", f"is beyond the ledger's end, {end}; send one that a write answered with"
        )
    if wait_seconds and (position := await watch.reached(after, wait_seconds)) >= after:
        return
    raise _behind(position, after)


def _behind(position: int, after: int | None) -> Problem:
    wanted = "" if after is None else f", not yet at {after}"
    return Problem(
        "projection_behind",
        f"The projections are at position {position}{wanted}. Ask again later, or without after.",
    )


async def _after(
    request: Request,
    _: AdminAsked,
    after: AfterAsked = None,
    wait_seconds: WaitAsked = _WAIT_SECONDS,
) -> None:
    await _projected(request, after, wait_seconds)


After = Depends(_after)
"""For the admin's routes that read: understands `after` and `wait_seconds`, as every view does."""


async def _up_to_date(request: Request, _: OwnCduid) -> None:
    end = await run_in_threadpool(services_of(request).ledger.head)
    await _projected(request, end.position, _WAIT_SECONDS)


UpToDate = Depends(_up_to_date)
"""For what is decided by what was said so far: waits until all of it is projected."""


def check_projected(services: Services, snapshot: Snapshot, cduid: str) -> None:
    """Raises Refused for an unknown device user, Problem for one that isn't projected yet."""
    if cduid not in snapshot.directory.device_users:
        if services.authentication.knows(cduid):
            raise _behind(snapshot.position, None)
        raise Refused(unknown_device_user(cduid))


class RetriedWhenStale(APIRoute):
    """The route of a view: if what it is about changes under its hands, it is asked once more.

    The second time it is read in a transaction from its beginning, so it can't happen again.
    """

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except StaleRead:
                request.state.is_retry = True
                return await handle(request)

        return handled


class View(NamedTuple):
    """What a viewer sees, and the position that it is as of."""

    viewer: Viewer
    position: int
    snapshot: Snapshot


class ViewAsked:
    """A view of the cduid in the path, opened where it is used."""

    def __init__(self, request: Request, cduid: str, as_of: int | datetime | None) -> None:
        self._services = services_of(request)
        self._cduid = cduid
        self._as_of = as_of
        self._effort = EffortForRequest(request)
        self._is_retry = getattr(request.state, "is_retry", False)

    @contextmanager
    def opened(self) -> Iterator[View]:
        """Raises Refused for an unknown device user, Problem for one that isn't projected yet, and
        where too many look back.

        The block may end with StaleRead; `RetriedWhenStale` does the whole call again then.
        """
        with self._services.reader.snapshot(None if self._is_retry else self._cduid) as snapshot:
            check_projected(self._services, snapshot, self._cduid)
            position = snapshot.position_as_of(self._as_of)
            viewer = snapshot.viewer_as_of(self._cduid, position, self._effort)
            yield View(viewer, position, snapshot)


async def _view(
    request: Request,
    caller: CallerAsked,
    cduid: CduidInPath,
    as_of: Annotated[
        AsOf | None,
        Query(
            description="Answer as of this position, or of the last one up to this time (RFC 3339) "
            "or to the end of this day in UTC."
        ),
    ] = None,
    after: AfterAsked = None,
    wait_seconds: WaitAsked = _WAIT_SECONDS,
) -> ViewAsked:
    # All in one dependency, since each takes its time with every request.
    check_own(caller, cduid)
    if isinstance(as_of, int):
        await _check_recorded(request, as_of)
        after = max(as_of, after or 0)  # what can't be seen yet can't be looked back to
    await _projected(request, after, wait_seconds)
    return ViewAsked(request, cduid, as_of)


async def _check_recorded(request: Request, as_of: int) -> None:
    """Raises Problem for a position that the ledger hasn't come to."""
    end = await run_in_threadpool(services_of(request).ledger.head)
    if (fault := moments.beyond_end(as_of, end.position)) is not None:
        raise parameter_problem("as_of", fault)


async def _present_view(
    request: Request,
    caller: CallerAsked,
    cduid: CduidInPath,
    after: AfterAsked = None,
    wait_seconds: WaitAsked = _WAIT_SECONDS,
) -> ViewAsked:
    return await _view(request, caller, cduid, None, after, wait_seconds)


ViewInPath = Annotated[ViewAsked, Depends(_view)]
PresentViewInPath = Annotated[ViewAsked, Depends(_present_view)]
