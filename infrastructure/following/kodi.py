"""Kodi, by its JSON-RPC over WebSocket: ws://HOST:9090/jsonrpc.

What is in Kodi's library is named by the ids that it has of it, anything else by its file's name.
Where Kodi is can't be asked any more once it tells that it has stopped, so it is asked all along.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import aiohttp
from jsonrpc_base import JSONRPCError, ProtocolError
from jsonrpc_websocket import Server
from pydantic import ValidationError

from domain.items import Kind
from domain.references import Named, Reference
from infrastructure.following.media import Listener, Media, PlayerAway, Shown
from infrastructure.following.naming import named

POLL_SECONDS = 1.0
ANSWER_SECONDS = 10.0

_NOTIFICATIONS = (
    *(f"Player.On{each}" for each in ("Play", "AVStart", "Pause", "Resume", "Seek", "Stop")),
    "VideoLibrary.OnUpdate",
)
_EPISODE = ("title", "showtitle", "season", "episode", "tvshowid", "uniqueid", "runtime", "file")
_MOVIE = ("title", "year", "uniqueid", "runtime")
_SHOW = ("title", "year", "uniqueid")
_NO_FILM = "is neither a film nor an episode"
_UNKNOWN = "isn't in Kodi's library under a name"

Json = dict[str, Any]


class Kodi:
    def __init__(self, host: str, port: int) -> None:
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._media: tuple[Json, Media] | None = None
        self._shown: Shown | None = None

    async def follow(self, listener: Listener) -> None:
        async with aiohttp.ClientSession() as http:
            server = Server(f"ws://{self._address}/jsonrpc", http, timeout=ANSWER_SECONDS)
            heard: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()
            for each in _NOTIFICATIONS:
                setattr(server, each, partial(_hear, heard, each))
            reading = await self._connected(server)
            try:
                await self._follow(_Library(server), heard, listener)
            except JSONRPCError as error:
                raise PlayerAway(f"Kodi at {self._address} is gone.") from error
            finally:
                await server.close()
                await asyncio.gather(reading, return_exceptions=True)

    async def _connected(self, server: Any) -> Any:
        try:
            return await server.ws_connect()
        except (JSONRPCError, OSError) as error:
            raise PlayerAway(
                f"Waiting for Kodi at {self._address}; in its settings, under Services and "
                "Control, programs must be allowed to control it."
            ) from error

    async def _follow(
        self, library: "_Library", heard: "asyncio.Queue[tuple[str, Json]]", listener: Listener
    ) -> None:
        while True:
            await self._look(library, listener)
            try:
                method, data = await asyncio.wait_for(heard.get(), POLL_SECONDS)
            except TimeoutError:
                continue
            await self._take(library, method, data, listener)

    async def _look(self, library: "_Library", listener: Listener) -> None:
        players = await library.ask("Player.GetActivePlayers") or []
        playing = [each["playerid"] for each in players if each["type"] == "video"]
        if not playing:
            self._shown = None
            listener.shows(None)
        elif (shown := await self._seen(library, playing[0])) is not None:
            self._shown = shown
            listener.shows(shown)

    async def _seen(self, library: "_Library", player: int) -> Shown | None:
        """What is on; nothing while one thing comes after another, or it has just ended."""
        item = await library.item(player)
        asked = ["time", "totaltime", "speed"]
        at = await library.ask("Player.GetProperties", playerid=player, properties=asked)
        if item is None or at is None or await library.item(player) != item:
            return None
        if self._media is None or self._media[0] != item:
            self._media = (item, await library.media(item))
        total = _seconds(at["totaltime"])
        return Shown(self._media[1], _seconds(at["time"]), total or None, at["speed"] == 0)

    async def _take(self, library: "_Library", method: str, data: Json, listener: Listener) -> None:
        match method:
            case "Player.OnSeek":
                listener.jumps()
            case "Player.OnStop":
                self._stop(data, listener)
            case "VideoLibrary.OnUpdate" if "playcount" in data:
                is_dated = not data.get("transaction")  # a scan that reads what it finds in files
                is_watched = data["playcount"] > 0
                if is_watched or is_dated:
                    media = await library.marked(data.get("item", data))
                    listener.marks(media, is_watched=is_watched, is_dated=is_dated)

    def _stop(self, data: Json, listener: Listener) -> None:
        item, shown, media = data.get("item", {}), self._shown, self._media
        if shown is None or media is None or item.get("id") != media[0].get("id"):
            return
        if data.get("end") and item.get("id") and shown.duration_seconds:
            listener.shows(replace(shown, played_seconds=shown.duration_seconds))
        self._shown = None
        listener.shows(None)


def _hear(heard: "asyncio.Queue[tuple[str, Json]]", method: str, data: Json, **_: Any) -> None:
    heard.put_nowait((method, data))


class _Library:
    """What Kodi knows of what it plays."""

    def __init__(self, server: Any) -> None:
        self._server = server

    async def ask(self, method: str, **parameters: Any) -> Any:
        """An answer; None if Kodi can't give it. Raises JSONRPCError if it is gone."""
        try:
            return await getattr(self._server, method)(**parameters)
        except ProtocolError:
            return None

    async def item(self, player: int) -> Json | None:
        """Which it is: `type`, `id` if it is in the library, and `file`."""
        answer = await self.ask("Player.GetItem", playerid=player, properties=["file"])
        if answer is None:
            return None
        return {each: answer["item"].get(each) for each in ("type", "id", "file")}

    async def media(self, item: Json) -> Media:
        """What is played, all of it: a file of two episodes is one episode in the library."""
        if item["id"] is None:
            return _of_file(item)
        media = await self.marked(item)
        if item["type"] != "episode" or not media.references:
            return media
        [reference] = media.references
        return replace(media, references=tuple(_all_of(reference, named(item["file"] or ""))))

    async def marked(self, item: Json) -> Media:
        """The one thing of the library."""
        try:
            match item:
                case {"type": "episode", "id": int(number)}:
                    return await self._episode(number)
                case {"type": "movie", "id": int(number)}:
                    return await self._movie(number)
        except ValidationError:
            return Media(f"{item['type']} {item['id']}", why_not=_UNKNOWN)
        return Media(f"{item.get('type')} {item.get('id')}", why_not=_NO_FILM)

    async def _details(self, kind: str, number: int, properties: tuple[str, ...]) -> Json:
        """All that was asked for, empty where Kodi doesn't know it."""
        asked = {f"{kind.lower()}id": number, "properties": list(properties)}
        answer = await self.ask(f"VideoLibrary.Get{kind}Details", **asked)
        found: Json = (answer or {}).get(f"{kind.lower()}details", {})
        return found

    async def _episode(self, number: int) -> Media:
        found = await self._details("Episode", number, _EPISODE)
        show = await self._details("TVShow", found.get("tvshowid", -1), _SHOW)
        named_show = Named(
            title=show.get("title") or found.get("showtitle") or None,
            year=show.get("year") or None,
            ids=_ids(show),
        )
        reference = Reference(
            kind=Kind.EPISODE,
            ids=_ids(found),
            title=found.get("title") or None,
            show=named_show,
            season=found.get("season"),
            episode=found.get("episode"),
            runtime_seconds=found.get("runtime") or None,
        )
        name = f"{named_show.title} {reference.season}x{reference.episode}"
        return Media(name, (reference,))

    async def _movie(self, number: int) -> Media:
        found = await self._details("Movie", number, _MOVIE)
        reference = Reference(
            kind=Kind.MOVIE,
            ids=_ids(found),
            title=found.get("title") or None,
            year=found.get("year") or None,
            runtime_seconds=found.get("runtime") or None,
        )
        return Media(found.get("title") or f"movie {number}", (reference,))


def _of_file(item: Json) -> Media:
    """What isn't in the library: a file, a channel, a song."""
    if item["type"] in {"unknown", "movie", "episode"}:
        return named(item["file"] or "")
    return Media(item["type"], why_not=_NO_FILM)


def _all_of(reference: Reference, file: Media) -> Iterator[Reference]:
    """Each episode in the file, by its name; the ids are those of the one that Kodi knows."""
    numbers = [each.episode for each in file.references]
    if reference.episode not in numbers:
        numbers = [reference.episode]
    for number in numbers:
        yield (
            reference
            if number == reference.episode
            else reference.model_copy(
                update={"ids": {}, "title": None, "runtime_seconds": None, "episode": number}
            )
        )


def _ids(details: Json) -> dict[str, str]:
    """Without one of nobody knows which catalog."""
    found = details.get("uniqueid") or {}
    return {of: each for of, each in found.items() if of and of != "unknown"}


def _seconds(time: Json) -> float:
    minutes = time["hours"] * 60 + time["minutes"]
    seconds: float = minutes * 60 + time["seconds"] + time["milliseconds"] / 1000
    return seconds
