"""How many requests may come: a bucket for each caller, which fills at a rate and overflows.

Whoever has a token is measured by it; whoever has none, or a wrong one, by the address.
"""

from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from time import monotonic

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

    def __contains__(self, key: object) -> bool:
        return key in self._full_at

    def wait_seconds(self, key: str) -> float:
        """How long until there is one to be had; 0 if there is."""
        if not self._seconds_each:
            return 0.0
        lacking_seconds = max(0.0, self._full_at.get(key, 0.0) - self._now())
        return max(0.0, lacking_seconds - self._lacking_max)

    def take(self, key: str) -> float:
        """Take one if there is one; else how long to wait for it."""
        wait_seconds = self.wait_seconds(key)
        if not wait_seconds:
            now = self._now()
            self._full_at[key] = max(now, self._full_at.get(key, now)) + self._seconds_each
            self._full_at.move_to_end(key)
            if len(self._full_at) > _KEPT_MAX:
                self._full_at.popitem(last=False)
        return wait_seconds

    def forget(self, key: str) -> None:
        self._full_at.pop(key, None)


class Limits:
    """What callers may do. `token_key` stands for a token, and is None where there is none.

    A token that was valid lately has a bucket of its own, and so isn't held back by what strangers
    at the same address do, such as others behind the same proxy.
    """

    def __init__(
        self,
        *,
        devices: float,
        admin: float,
        strangers: float,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._devices = Buckets(devices, now)
        self._admin = Buckets(admin, now)
        self._strangers = Buckets(strangers, now)

    def admit(self, token_key: str | None, address: str) -> float:
        """How long a caller has to wait; 0 if its request may be answered."""
        if token_key is not None:
            for buckets in (self._devices, self._admin):
                if token_key in buckets:
                    return buckets.take(token_key)
        return self._strangers.wait_seconds(_network(address))

    def vouched(self, token_key: str, *, is_admin: bool) -> None:
        """The token was valid."""
        buckets = self._admin if is_admin else self._devices
        if token_key not in buckets:
            buckets.take(token_key)

    def unknown(self, token_key: str | None, address: str) -> None:
        """There was no token, or it wasn't valid, or isn't any more."""
        self._strangers.take(_network(address))
        if token_key is not None:
            self._devices.forget(token_key)
            self._admin.forget(token_key)

    def knows(self, token_key: str | None) -> bool:
        return token_key in self._devices or token_key in self._admin


def _network(address: str) -> str:
    """An address, or of IPv6 its network: a single customer has 2**64 addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or int(parsed) >> 64)
