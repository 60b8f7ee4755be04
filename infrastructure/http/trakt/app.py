"""Puts Trakt's routes together: an application of its own, mounted in the service's."""

from fastapi import FastAPI

from infrastructure.http.position_watch import PositionWatch
from infrastructure.http.trakt import (
    history,
    history_writing,
    oauth,
    people,
    playback,
    progress,
    scrobble,
    search,
    summaries,
    watched,
)
from infrastructure.http.trakt.errors import handle_errors
from infrastructure.services import Services

_ROUTERS = (
    oauth.router,
    scrobble.router,
    people.router,
    history_writing.router,
    history.router,
    playback.router,
    progress.router,
    watched.router,
    search.router,
    summaries.router,
)


def trakt_app(services: Services, watch: PositionWatch) -> FastAPI:
    """Trakt's API over the same services; it is described by Trakt, and in no document of ours."""
    app = FastAPI(title="Trakt API v2", openapi_url=None, redirect_slashes=False)
    app.state.services = services
    app.state.position_watch = watch
    for router in _ROUTERS:
        app.include_router(router)
    handle_errors(app)
    return app
