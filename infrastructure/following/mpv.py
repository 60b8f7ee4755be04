"""mpv, by its JSON IPC: `mpv --input-ipc-server=PATH`.

What mpv shows is observed and not asked for, so that the last place is known once it has stopped
or was killed.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import python_mpv_jsonipc
from python_mpv_jsonipc import MPV, MPVError

from infrastructure.following.media import Listener, Media, PlayerAway, Shown
from infrastructure.following.naming import named

_PROPERTIES = ("working-directory", "path", "duration", "pause", "time-pos")
"""mpv tells changes in this order, so that the place comes after what it is a place in."""

_EVENTS = ("property-change", "seek", "end-file")

python_mpv_jsonipc.TIMEOUT = 10  # seconds: an mpv that is frozen is asked again, and let go of


class Mpv:
    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._properties: dict[str, Any] = {}
        self._media: tuple[str, Media] | None = None

    async def follow(self, listener: Listener) -> None:
        loop = asyncio.get_running_loop()
        heard: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

        def hear(message: dict[str, Any] | None = None) -> None:  # in a thread of the library
            loop.call_soon_threadsafe(heard.put_nowait, message)

        mpv = await asyncio.to_thread(self._connected, hear)
        try:
            while (message := await heard.get()) is not None:
                self._hear(listener, message)
        finally:
            mpv.terminate(join=False)  # an mpv that is frozen never lets go
        raise PlayerAway(f"mpv at {self._socket} has ended.")

    def _connected(self, hear: Callable[..., None]) -> MPV:
        self._properties.clear()
        connected: list[MPV] = []

        def end() -> None:
            """Has the end heard behind what was told before it, which waits in another thread."""
            for each in connected:
                each.event_handler.put_task(hear)

        try:
            mpv = MPV(start_mpv=False, ipc_socket=str(self._socket), quit_callback=end)
            connected.append(mpv)
            for each in _EVENTS:
                mpv.bind_event(each, hear)
            for number, name in enumerate(_PROPERTIES, 1):
                mpv.command("observe_property", number, name)
        except (OSError, MPVError) as error:
            raise PlayerAway(
                f"Waiting for mpv, started with --input-ipc-server={self._socket}."
            ) from error
        return mpv

    def _hear(self, listener: Listener, message: dict[str, Any]) -> None:
        match message["event"]:
            case "seek":
                listener.jumps()
            case "end-file":
                self._properties["time-pos"] = None
                listener.shows(None)
            case _:
                self._properties[message["name"]] = message.get("data")
                if message["name"] in {"pause", "time-pos"}:
                    self._show(listener)

    def _show(self, listener: Listener) -> None:
        path, seconds = self._properties.get("path"), self._properties.get("time-pos")
        if path is not None and seconds is not None:
            paused = bool(self._properties.get("pause"))
            duration = self._properties.get("duration")
            listener.shows(Shown(self._media_of(path), seconds, duration, paused))

    def _media_of(self, path: str) -> Media:
        """What is in the file; of the same one as before without reading its name again."""
        if self._media is None or self._media[0] != path:
            directory = self._properties.get("working-directory") or ""
            location = path if "://" in path else str(Path(directory, path))
            self._media = (path, named(location))
        return self._media[1]
