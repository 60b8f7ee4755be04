"""A stand-in for Kodi: its JSON-RPC over WebSocket, as far as a follower asks."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

Json = dict[str, Any]

SHERLOCK: Json = {
    "title": "Sherlock",
    "year": 2010,
    "uniqueid": {"imdb": "tt1475582", "unknown": "7"},
}
EPISODE: Json = {
    "title": "The Great Game",
    "showtitle": "Sherlock",
    "season": 1,
    "episode": 3,
    "tvshowid": 2,
    "uniqueid": {"imdb": "tt1664530", "tmdb": "63737", "tvdb": "1143971"},
    "runtime": 5360,
    "file": "smb://nas/tv/Sherlock/S01E03.mkv",
}


class KodiServer:
    """What is on, and what is in the library, by kind and id."""

    def __init__(self) -> None:
        self.port = 0
        self.item: Json | None = None
        self.seconds = 0.0
        self.total_seconds = 5_360.0
        self.speed = 1
        self.library: dict[tuple[str, int], Json] = {
            ("tvshow", 2): SHERLOCK,
            ("episode", 7): EPISODE,
        }
        self.asked: list[str] = []
        self._sockets: list[web.WebSocketResponse] = []

    async def notifies(self, method: str, data: Json) -> None:
        for each in self._sockets:
            params = {"sender": "xbmc", "data": data}
            await each.send_json({"jsonrpc": "2.0", "method": method, "params": params})

    async def hangs_up(self) -> None:
        for each in self._sockets:
            await each.close(code=WSCloseCode.GOING_AWAY)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                asked = json.loads(message.data)
                await socket.send_json({"jsonrpc": "2.0", "id": asked["id"], **self._answer(asked)})
        self._sockets.remove(socket)
        return socket

    def _answer(self, asked: Json) -> Json:
        self.asked.append(asked["method"])
        found = self._result(asked["method"], asked.get("params", {}))
        if found is None:
            return {"error": {"code": -32100, "message": "Failed to execute method."}}
        return {"result": found}

    def _result(self, method: str, params: Json) -> Any:
        match method:
            case "Player.GetActivePlayers":
                return [] if self.item is None else [{"playerid": 1, "type": "video"}]
            case "Player.GetItem":
                return None if self.item is None else {"item": self.item}
            case "Player.GetProperties":
                return None if self.item is None else self._properties()
        kind = method.removeprefix("VideoLibrary.Get").removesuffix("Details").lower()
        found = self.library.get((kind, params[f"{kind}id"]))
        return found and {f"{kind}details": found}

    def _properties(self) -> Json:
        return {
            "time": _time(self.seconds),
            "totaltime": _time(self.total_seconds),
            "speed": self.speed,
        }


def _time(seconds: float) -> Json:
    whole = int(seconds)
    return {
        "hours": whole // 3_600,
        "minutes": whole // 60 % 60,
        "seconds": whole % 60,
        "milliseconds": round(seconds % 1 * 1_000),
    }


@asynccontextmanager
async def kodi_server() -> AsyncIterator[KodiServer]:
    kodi = KodiServer()
    app = web.Application()
    app.router.add_get("/jsonrpc", kodi.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    kodi.port = runner.addresses[0][1]
    try:
        yield kodi
    finally:
        await kodi.hangs_up()
        await runner.cleanup()
