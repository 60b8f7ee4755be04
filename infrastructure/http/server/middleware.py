"""Around every request: an id, safe headers, a line in the log, and an answer where code fails.

An event stream is logged and measured when it begins, as it may go on for hours, and logged again
when it ends.
"""

import re
from time import perf_counter
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infrastructure.http.problem_details import respond
from infrastructure.http.server.hook_paths import shown_path
from infrastructure.operations.metrics import Metrics

REQUEST_ID_HEADER = "X-Request-ID"

_STREAM = "text/event-stream"
_is_request_id = re.compile(r"[A-Za-z0-9._~-]{1,128}").fullmatch
_log = structlog.get_logger()

_SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
"""For answers that bring none of their own: nothing here is to be rendered, framed or kept."""


class RequestLog:
    """Logs each request once, without its query, headers or body, and without the secret of a hook:
    tokens stay out of logs.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = given if _is_request_id(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        answered: list[int] = []
        is_stream = False
        started_at = perf_counter()

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered.append(message["status"])
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID_HEADER] = request_id
                for name, value in _SAFE_HEADERS.items():
                    headers.setdefault(name, value)
                nonlocal is_stream
                if is_stream := headers.get("Content-Type", "").startswith(_STREAM):
                    self._tell(scope, message["status"], perf_counter() - started_at)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_marked)
            except Exception:  # noqa: BLE001  # it is answered and logged, whole
                # The last resort: the fault goes whole into the log, and the client hears of it.
                _log.exception("request failed")
                if not answered:
                    await _internal_error(request_id)(scope, receive, send_marked)
            seconds = perf_counter() - started_at
            if is_stream:
                _log.info(
                    "stream ended",
                    path=shown_path(scope["path"]),
                    duration_ms=round(seconds * 1000, 2),
                )
            else:
                self._tell(scope, answered[0] if answered else None, seconds)

    def _tell(self, scope: Scope, status: int | None, seconds: float) -> None:
        if status is not None:
            route = getattr(scope.get("route"), "path", None)
            self._metrics.request(scope["method"], route, status, seconds)
        _log.info(
            "request",
            method=scope["method"],
            path=shown_path(scope["path"]),
            status=status,
            caller=scope["state"].get("caller"),
            address=scope["client"][0] if scope.get("client") else None,
            duration_ms=round(seconds * 1000, 2),
        )


def _internal_error(request_id: str) -> ASGIApp:
    detail = "Something went wrong here; the log says more under this request id."
    return respond(request_id, 500, "internal_error", detail)
