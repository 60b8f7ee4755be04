"""Follows a player until a signal comes, whether the player is there or not."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from infrastructure.following.media import Listener, Player, PlayerAway
from infrastructure.following.sending import Sender
from infrastructure.following.session import Session
from infrastructure.following.spool import Spool

RETRY_SECONDS = 1.0
TICK_SECONDS = 0.5
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def follow(
    player: Player, spool: Path, url: str, token_file: Path, tell: Callable[[str], None]
) -> None:
    """Sends what a player shows to the ledger at `url`, until SIGTERM or SIGINT.

    Raises SpoolProblem.
    """
    kept = Spool(spool)
    try:
        asyncio.run(_follow(player, kept, url, token_file, tell))
    finally:
        kept.close()


async def _follow(
    player: Player, spool: Spool, url: str, token_file: Path, tell: Callable[[str], None]
) -> None:
    stop = asyncio.Event()
    for each in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    sender = Sender(spool, url, token_file, tell)
    session = Session(sender.keep, tell)
    await _until(stop, _stay(player, session, tell), _tick(session), sender.run())
    session.ends()
    await sender.run_out()


async def _until(stop: asyncio.Event, *work: Coroutine[Any, Any, None]) -> None:
    """All of it at once, until it is to stop or one of it fails."""
    tasks = [asyncio.create_task(each) for each in (stop.wait(), *work)]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for each in done:
        each.result()


async def _stay(player: Player, listener: Listener, tell: Callable[[str], None]) -> None:
    told = None
    while True:
        try:
            await player.follow(listener)
        except PlayerAway as away:
            listener.shows(None)
            if str(away) != told:
                told = str(away)
                tell(told)
        await asyncio.sleep(RETRY_SECONDS)


async def _tick(session: Session) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        session.ticks()
