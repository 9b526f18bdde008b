"""Callers' addresses: who is calling as far as trusted proxies tell, and the network that an address belongs to. Pure.

    peer is a trusted proxy?  ─ no ─▶ the peer
        └▶ the last entry of X-Forwarded-For, over all its lines, that no trusted proxy added

A proxy adds its entry at the end, to the last line or as a line of its own (RFC 9110 §5.3 reads both alike), so
everything before the entry of the first trusted proxy is the caller's own invention.
"""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from starlette.types import Scope

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_SITE_BITS = 64
"""Of an IPv6 address: what one subscriber is given at the least, so one caller has all of them."""


def networks(text: str) -> tuple[Network, ...]:
    """CIDRs with commas between. Raises ValueError."""
    return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def caller_address(scope: Scope, trusted: Sequence[Network]) -> str:
    """The caller's IP address in text, of an ASGI request; empty when nothing tells it.

    What a trusted proxy passes on that is no address comes back as it is: it lies in no network.
    """
    client = scope.get("client")
    address = _peer(client[0]) if client else ""
    lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    if not lines:
        return address
    forwarded = [part.strip() for part in b",".join(lines).decode("latin-1").split(",") if part.strip()]
    while forwarded and is_within(address, tuple(trusted)):
        address = _plain(forwarded.pop())
    return address


@lru_cache(maxsize=4096)
def is_within(address: str, among: tuple[Network, ...]) -> bool:
    """Whether the address is one of these networks'; False for what is no address."""
    found = _parsed(address)
    return found is not None and any(found in network for network in among)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """What limits for each caller count by: an IPv4 address, the /64 of an IPv6 one, or the text that is no address."""
    found = _parsed(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(found) >> (128 - _SITE_BITS) << (128 - _SITE_BITS), _SITE_BITS)))
    return address if found is None else str(found)


def _plain(text: str) -> str:
    """The address alone: some proxies add a port, as `192.0.2.1:4711` and `[2001:db8::1]:4711`."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return text.partition(":ffff:")[2] if text.startswith("::ffff:") and "." in text else text


_peer = lru_cache(maxsize=4096)(_plain)  # the same callers come again


def _parsed(address: str) -> Address | None:
    """The address; an IPv4 one that is mapped into IPv6 as itself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        return found.ipv4_mapped or found
    return found
