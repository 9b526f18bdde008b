"""Addresses of a login: https, or http on this machine, for a login that is tried out. Pure."""

import ipaddress
from urllib.parse import urlsplit

from services.runtime.http.web_address import BadAddress, web_address

_OF_A_LOGIN = "must be an https address with a host, and no login, query or fragment (http only on this machine)"


def is_private_way(text: str) -> bool:
    """Whether nobody between us and this http(s) address reads along; False for what is no address."""
    try:
        given = web_address(text)
        host = urlsplit(f"{given.scheme}://{given.authority}").hostname or ""
    except ValueError:
        return False
    return given.scheme == "https" or _is_loopback(host)


def fault_of_address(text: str, *, has_path: bool = True) -> str | None:
    """Why an address cannot be the one of a login, or of whom it sends people back to; None where it can."""
    try:
        given = web_address(text)
    except BadAddress as error:
        return str(error)
    if not is_private_way(text) or given.fragment or "?" in text or text != text.strip():
        return _OF_A_LOGIN
    return None if has_path or given.target == "/" else "must be an address without a path"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
