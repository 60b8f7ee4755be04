"""How many requests may come: a bucket for each caller, which fills at a rate and overflows.

Whoever is known is measured by name, however often its token was changed; strangers, and who has a
wrong token, by the address.
"""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from infrastructure.commands.authentication import Caller, Hook
from infrastructure.http.server.addresses import network_of

BURST_SECONDS = 10.0
"""A full bucket holds what comes in this time, and one at least."""

_KEPT_MAX = 50_000


class Buckets:
    """Buckets by key; of more than are kept, those that were used longest ago are let go.

    Kept of each is only when it will be full again: until then it lacks what flows in meanwhile.
    """

    def __init__(self, per_second: float, now: Callable[[], float] = monotonic) -> None:
        self._seconds_each = 1 / per_second if per_second else 0.0
        # How long a bucket may still take to be full while there is one to be had.
        self._lacking_max = max(0.0, BURST_SECONDS - self._seconds_each)
        self._now = now
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one if there is one; else how long to wait for it."""
        if not self._seconds_each:
            return 0.0
        now = self._now()
        lacking_seconds = max(0.0, self._full_at.get(key, 0.0) - now)
        if lacking_seconds > self._lacking_max:
            return lacking_seconds - self._lacking_max
        self._full_at[key] = now + lacking_seconds + self._seconds_each
        self._full_at.move_to_end(key)
        if len(self._full_at) > _KEPT_MAX:
            self._full_at.popitem(last=False)
        return 0.0

    def give_back(self, key: str) -> None:
        """Put back what was taken."""
        if key in self._full_at:
            self._full_at[key] -= self._seconds_each


class Limits:
    """What callers may do.

    Strangers pay when they are let in, so that many at once are no way around it. Whoever turns out
    to be known gets that back, and is never held back by what strangers at the same address do,
    such as others behind the same proxy.
    """

    def __init__(
        self,
        *,
        devices: float,
        admin: float,
        strangers: float,
        hooks: float = 0,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._devices = Buckets(devices, now)
        self._admin = Buckets(admin, now)
        self._strangers = Buckets(strangers, now)
        self._hooks = Buckets(hooks, now)

    def admit(self, known: Caller | Hook | None, address: str) -> float:
        """How long a caller, or a stranger, has to wait; 0 if its request may be answered."""
        if known is None:
            return self._strangers.take(network_of(address))
        return self._take(known)

    def vouched(self, caller: Caller | Hook, address: str) -> None:
        """Who was let in as a stranger is none."""
        self._strangers.give_back(network_of(address))
        self._take(caller)

    def refused(self, address: str) -> None:
        """Who was let in by name is a stranger, such as one whose token is void by now."""
        self._strangers.take(network_of(address))

    def _take(self, caller: Caller | Hook) -> float:
        if isinstance(caller, Hook):
            return self._hooks.take(caller.source)
        buckets = self._admin if caller.cduid is None else self._devices
        return buckets.take(caller.cduid or "")
