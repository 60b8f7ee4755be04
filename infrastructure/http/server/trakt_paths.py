"""The paths of Trakt's API: under /trakt or, at the hosts of a setting, at the root.

Clients put their paths behind an address with a slash at its end, so `//` is one slash there.
"""

import re
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

TRAKT = "/trakt"
_slashes = re.compile("/{2,}")


class TraktPaths:
    """Leads every request that is Trakt's to where its routes are mounted."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = _slashes.sub("/", scope["path"])
            if self._is_host(scope) and not _is_trakts(path):
                path = TRAKT + path
            if _is_trakts(path):
                scope["path"] = path.rstrip("/")
                scope["raw_path"] = scope["path"].encode()
        await self._app(scope, receive, send)

    def _is_host(self, scope: Scope) -> bool:
        if not self._hosts:
            return False
        return Headers(scope=scope).get("host", "").partition(":")[0].lower() in self._hosts


def _is_trakts(path: str) -> bool:
    return path.startswith(f"{TRAKT}/")
