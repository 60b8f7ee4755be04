"""`/docs`: the API for people to look at and to try, with nothing from another host.

Swagger UI comes as files of a wheel, whose code is never run; page and start script are our own.
"""

from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_KEPT = "max-age=3600"
_OURS = Path(__file__).parent


def add_docs(app: FastAPI) -> None:
    """Adds the page and its files, which aren't part of the API that they describe."""
    theirs = _swagger_ui()
    headers = {"Content-Security-Policy": _POLICY}
    _serve(app, "/docs", _OURS / "page.html", "text/html", headers)
    for name, path, media_type in (
        ("start.js", _OURS / "start.js", "text/javascript"),
        ("swagger-ui-bundle.js", theirs / "swagger-ui-bundle.js", "text/javascript"),
        ("swagger-ui.css", theirs / "swagger-ui.css", "text/css"),
        ("favicon.png", theirs / "favicon-32x32.png", "image/png"),
    ):
        _serve(app, f"/docs/{name}", path, media_type, {"Cache-Control": _KEPT})


def _serve(app: FastAPI, route: str, path: Path, media_type: str, headers: dict[str, str]) -> None:
    async def file() -> FileResponse:
        return FileResponse(path, media_type=media_type, headers=headers)

    app.add_api_route(route, file, include_in_schema=False)


def _swagger_ui() -> Path:
    """Where the wheel's files are. It has code too, which finding it doesn't run."""
    found = find_spec("fastapi_swagger")
    assert found is not None  # noqa: S101  # for the type checker: it is required
    assert found.origin is not None  # noqa: S101  # likewise
    return Path(found.origin).parent / "resources"
