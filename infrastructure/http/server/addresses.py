"""Addresses of clients: what counts as one of them, and which are a proxy's that is trusted."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def network_of(address: str) -> str:
    """An address, or of IPv6 its network: a single customer has 2**64 addresses."""
    parsed = _parsed(address)
    return str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) else str(parsed or address)


def is_in(address: str, networks: Collection[Network]) -> bool:
    """Whether an address belongs to any of some networks."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in each for each in networks)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
