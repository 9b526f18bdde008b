"""Which addresses the platform may connect to when the address was given from outside (notifyUrl, web push endpoints).

    URL ─▶ http(s), a host, no login in it ─▶ DNS ─▶ each address: public? ─▶ connect to that very address

The check stands where the socket is made, behind DNS, so a name that changes its mind between check and connection
gains nothing, and neither does an address written in an unusual way. Redirects are the caller's to refuse. Source:
docs/design.md §6.
"""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

from yarl import URL

from services.runtime.http.web_address import LONGEST, BadAddress, web_address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
)
"""What is no host of the public internet (IANA, special-purpose address registries), pinned: the tables of `ipaddress`
differ from one Python to the next."""


class ForbiddenAddress(OSError):
    """The operator does not allow this address; says what kind of address it is and not which."""


def is_address(host: str) -> bool:
    """True for a host that is written as an address, so that no name has to be looked up."""
    try:
        ipaddress.ip_address(host.rstrip("."))
    except ValueError:
        return host.rstrip(".").rpartition(".")[2].isdecimal() or "0x" in host.lower()  # as inet_aton reads it: 127.1
    return True


def is_public(address: str) -> bool:
    """True for an address of the public internet, whatever it is wrapped in (mapped, 6to4, Teredo, NAT64)."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = _wrapped(found)
        if inner is not None:
            return is_public(str(inner))
        if found.scope_id is not None or found not in _GLOBAL_UNICAST:
            return False
    return not any(found in network for network in _SPECIAL)


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo is not None else None)


def is_forbidden(error: BaseException) -> bool:
    """Whether a connection failed because the policy refused the address. (asyncio may join several into one text.)"""
    inner = getattr(error, "os_error", error)
    return isinstance(inner, ForbiddenAddress) or "private network" in str(inner)


def exact_url(text: str) -> URL:
    """The URL whose request target is, on the wire, the one of `text`, byte for byte. Raises ValueError.

    Path and query stand together as yarl's encoded *path*: it drops a bare "?" from a query and re-encodes whatever it
    splits itself. The host is what yarl makes of the authority, and that is what is looked up and connected to.
    """
    given = web_address(text, LONGEST)
    origin = URL(f"{given.scheme}://{given.authority}")
    if not origin.host or not origin.port or origin.user is not None or origin.password is not None:
        raise BadAddress("must be an http or https address with a host, and without a login")
    web_address(f"{given.scheme}://{origin.raw_authority}")  # ⒈.example is looked up as 1..example, which nobody can
    return origin.with_path(given.target, encoded=True)


def checked_url(text: str) -> URL:
    """`exact_url` of an address that was given from outside. Raises ForbiddenAddress."""
    try:
        return exact_url(text)
    except ValueError:
        raise ForbiddenAddress("not an http(s) address, or one with a login in it") from None


AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]


def socket_factory(*, allow_private: bool) -> Callable[[AddressInfo], socket.socket]:
    """Makes the sockets of connections, each for an address that passes the policy. Raises ForbiddenAddress."""
    return _anywhere if allow_private else _only_public


def _anywhere(info: AddressInfo) -> socket.socket:
    family, kind, protocol, _, _ = info
    return socket.socket(family, kind, protocol)


def _only_public(info: AddressInfo) -> socket.socket:
    if not is_public(str(info[4][0])):
        raise ForbiddenAddress("an address in a private network")
    return _anywhere(info)
