"""VLC, by its telnet interface: `vlc --extraintf telnet --telnet-password …`.

It tells nothing by itself and is asked each second, in whole seconds.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from aiovlc.client import Client
from aiovlc.exceptions import AIOVLCError, AuthError, CommandError

from infrastructure.following.media import Listener, Media, PlayerAway, Shown
from infrastructure.following.naming import named

POLL_SECONDS = 1.0
ANSWER_SECONDS = 10
SPEED_MAX = 4.0
"""That of VLC's own menu: what goes on faster was sent there."""

_SLACK_SECONDS = 2.0


class Vlc:
    def __init__(
        self, host: str, port: int, password_file: Path, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._host = host
        self._port = port
        self._password_file = password_file
        self._seconds = seconds
        self._media: tuple[str, Media] | None = None
        self._last: tuple[Shown, float] | None = None

    async def follow(self, listener: Listener) -> None:
        address = f"{self._host}:{self._port}"
        self._last = None
        try:
            password = self._password_file.read_text().strip()
            async with Client(password, self._host, self._port, ANSWER_SECONDS) as vlc:
                await vlc.login()
                while True:
                    await self._look(vlc, listener)
                    await asyncio.sleep(POLL_SECONDS)
        except AuthError as error:
            raise PlayerAway(f"VLC at {address} has another --telnet-password.") from error
        except (AIOVLCError, OSError) as error:
            raise PlayerAway(
                f"Waiting for VLC at {address}, started with --extraintf telnet."
            ) from error

    async def _look(self, vlc: Client, listener: Listener) -> None:
        try:
            before, seconds = await vlc.status(), (await vlc.get_time()).time
            length, after = (await vlc.get_length()).length, await vlc.status()
        except CommandError:  # it has just ended, and there is nothing to be asked about
            return
        if after.input_loc is None or after.state not in {"playing", "paused"}:
            self._last = None
            listener.shows(None)
        elif before.input_loc == after.input_loc and length > 0:
            media, is_paused = self._media_of(after.input_loc), after.state == "paused"
            self._show(Shown(media, seconds, length, is_paused), listener)

    def _show(self, shown: Shown, listener: Listener) -> None:
        now = self._seconds()
        if self._last is not None and self._last[0].media == shown.media:
            last, at = self._last
            moved = shown.played_seconds - last.played_seconds
            if not -_SLACK_SECONDS <= moved <= (now - at) * SPEED_MAX + _SLACK_SECONDS:
                listener.jumps()
        self._last = (shown, now)
        listener.shows(shown)

    def _media_of(self, location: str) -> Media:
        if self._media is None or self._media[0] != location:
            self._media = (location, named(location))
        return self._media[1]
