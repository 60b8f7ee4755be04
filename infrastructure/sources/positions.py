"""Positions and lengths, in seconds whatever unit a server counts in.

Servers say 0 for a length that they don't know, so only one above 0 is one. A position past the end
by a tenth at most is the end: credits, rounding and cut beginnings do that. What can't be a
position, one below 0, farther past the end or no number, isn't understood rather than guessed. A
position that isn't told is None, and then there is nothing to record of a tick.
"""

from domain.values import SECONDS_MAX
from infrastructure.sources.heard import NotUnderstood

MILLISECONDS = 1_000
TICKS = 10_000_000
"""Jellyfin and Emby count in units of 100 ns."""
_PAST_END_MAX = 1.1


def length_seconds(amount: float | None, per_second: int = 1) -> float | None:
    """How long something runs; None if nobody knows."""
    if amount is None:
        return None
    seconds = amount / per_second
    return seconds if 0 < seconds <= SECONDS_MAX else None


def position_seconds(
    amount: float | None, length: float | None, per_second: int = 1
) -> float | None:
    """How far something was played, of a length in seconds. Raises NotUnderstood for nonsense."""
    if amount is None:
        return None
    seconds = amount / per_second
    if not 0 <= seconds <= SECONDS_MAX:
        raise NotUnderstood(f"{seconds:g} seconds is no position in a film or an episode.")
    if length is None or seconds <= length:
        return seconds
    if seconds > length * _PAST_END_MAX:
        raise NotUnderstood(
            f"The position, {seconds:g} seconds, lies far past the end of what runs {length:g}."
        )
    return length
