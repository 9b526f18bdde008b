"""An origin that an application allows, in the very form in which a browser says it (RFC 6454 §6.2). Pure.

https://Bank.Example:443   ─▶ https://bank.example
https://банк.рф            ─▶ https://xn--80ab2al.xn--p1ai
null, https://*.bank.example, https://bank.example/app, https://a@bank.example, http://bank.example   refused
"""

import ipaddress
import re
from urllib.parse import urlsplit

from services.runtime.http.web_address import BadAddress, browser_address

MOST_CHARACTERS = 300
RULE = "must be https://host or https://host:port, exactly as a browser says it"
_NEARBY = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts whose pages browsers take for secure without TLS: no others can have a service worker, or draw keys."""
_STANDARD_PORT = {"https": 443, "http": 80}
_FORM = re.compile(r"(https?)://[^/?#\\@*\s]+", re.IGNORECASE)
_NUMERIC_END = re.compile(r"(?:^|\.)(?:[0-9]+|0[xX][0-9A-Fa-f]*)$")


def allowed_origin(text: str) -> str:
    """The origin as browsers write it. Raises ValueError with the rule that the text breaks."""
    given = text.strip(" ")
    if "*" in given:
        raise ValueError("must be exact: name each origin, a wildcard would let in whoever gets a name there")
    if _FORM.fullmatch(given) is None or given.endswith(":"):
        raise ValueError(f"{RULE}: without a path, a slash at the end, or a login")
    try:
        parts = urlsplit(browser_address(given, MOST_CHARACTERS))
    except BadAddress as error:
        raise ValueError(str(error)) from None
    host, port = _host(parts.hostname or ""), parts.port
    if parts.scheme == "http" and host.strip("[]") not in _NEARBY:
        raise ValueError(f"{RULE}; http only of localhost, 127.0.0.1 and [::1]")
    is_standard = port in (None, _STANDARD_PORT[parts.scheme])
    return f"{parts.scheme}://{host}" if is_standard else f"{parts.scheme}://{host}:{port}"


def _host(name: str) -> str:
    """Browsers read 0x7f.1 as an address and write it otherwise, so such hosts are taken in their usual form only."""
    if name.endswith("."):
        raise ValueError("must have a host without a dot at its end")
    if ":" in name:
        return f"[{ipaddress.IPv6Address(name).compressed}]"
    if _NUMERIC_END.search(name):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise ValueError("must have a host name, or an IPv4 address as four numbers") from None
    return name
