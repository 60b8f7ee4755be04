"""What this machine's clock shows, and what it would show if nobody had set it since.

A box without a battery starts with a clock that is hours behind, and has it set once it is on the
net. What it kept until then is sent with the time that its clock would show by now, so that the
ledger finds out how far behind it was.
"""

import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class ClockSetting(NamedTuple):
    """How a clock is set: what it shows, less the seconds since the machine was started.

    Only of the same start two can be compared; `boot` is None where that isn't known.
    """

    boot: str | None
    ahead_seconds: float

    def is_like(self, other: "ClockSetting") -> bool:
        """Whether nobody has set it between the two, beyond the little that it is steered by."""
        return self.boot == other.boot and abs(self.ahead_seconds - other.ahead_seconds) < 1

    def now(self) -> datetime:
        """What a clock that is set so shows."""
        if self.boot is None or self.boot != _boot():
            return datetime.now(UTC)
        return datetime.fromtimestamp(self.ahead_seconds + _seconds_since_start(), UTC)


def clock_setting() -> ClockSetting:
    """How the clock is set at this moment."""
    boot = _boot()
    return ClockSetting(boot, 0 if boot is None else time.time() - _seconds_since_start())


@cache
def _boot() -> str | None:
    """Linux tells starts apart, and counts seconds while it sleeps."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else None


def _seconds_since_start() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
