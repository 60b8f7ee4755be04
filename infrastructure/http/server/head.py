"""HEAD: answered wherever GET is, with the same headers; the server leaves the body out."""

from http import HTTPMethod

from starlette.types import ASGIApp, Receive, Scope, Send


class HeadAsGet:
    """Lets every route see a GET. Health checks and proxies ask with HEAD (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != HTTPMethod.HEAD:
            await self._app(scope, receive, send)
            return
        scope["state"]["is_head"] = True  # a stream has to end by itself then
        as_get = {**scope, "method": HTTPMethod.GET.value}
        try:
            await self._app(as_get, receive, send)
        finally:
            scope["route"] = as_get.get("route")  # for the request log
