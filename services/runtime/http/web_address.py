"""http(s) addresses that were given from outside: what is taken, and the very bytes that are sent. Pure.

    given ─▶ scheme, authority (host and port) ─▶ connected to, once a host is looked up
          ─▶ target (path and query)           ─▶ the request line, byte for byte
          ─▶ fragment                          ─▶ kept for browsers, never sent

"Normalising" a signed address breaks it: `%2F`, `+`, `%41`, `..`, a bare `?` stay as they are. Only what
no request line can hold is percent-encoded as UTF-8: a blank, letters beyond ASCII. Control characters and what is
invisible are refused, and so is a login before the host. Sources: RFC 3986 §2.4, RFC 9112 §3.2.
"""

import ipaddress
import re
import string
import unicodedata
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

MOST_CHARACTERS = 2048
"""Of an address that is given to us, as it is kept."""
LONGEST = 65_536
"""The length of an address that was accepted before, or that is part of a text."""
_PRINTABLE = string.ascii_letters + string.digits + string.punctuation
_PARTS = re.compile(r"(https?)://([^/?#\\]*)([^#]*)(#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::([0-9]{0,5}))?")
_LOOKED_UP = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_DEVIATIONS = frozenset("\u00df\u1e9e\u03c2")
"""Sharp s, small and capital, and final sigma (UTS 46 §6); joiners are refused, as nobody sees them."""
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_NOT_IN_HOSTS = set(string.printable) - set(string.ascii_letters + string.digits + "-_.:[]")


class BadAddress(ValueError):
    """Its text is the rule that the address breaks, fit to follow the name of a field."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """`authority` as it was given, a name in any script; `target` begins with "/", `fragment` with "#" or is empty."""

    scheme: str
    authority: str
    target: str
    fragment: str

    def __str__(self) -> str:
        """What is kept of the address: reading it again gives the same."""
        return f"{self.scheme}://{self.authority}{self.target}{self.fragment}"


def web_address(text: str, most: int = MOST_CHARACTERS) -> WebAddress:
    """The address in its parts. Raises BadAddress."""
    if not text.isprintable():
        raise BadAddress("must hold no line breaks, control or invisible characters")
    found = _PARTS.fullmatch(text.strip(" "))
    if found is None or not _is_place(found[2]):
        raise BadAddress("must be an http or https address with a host, and without a login")
    target, fragment = (_encoded(part or "") for part in found.groups()[2:])
    if not target.startswith("/"):
        if target.startswith("\\"):
            raise BadAddress("must have a slash behind its host")
        target = "/" + target
    address = WebAddress(found[1].lower(), found[2], target, fragment)
    if len(str(address)) > most:
        raise BadAddress(f"must have at most {most} characters")
    return address


def browser_address(text: str, most: int = MOST_CHARACTERS) -> str:
    """The same all in ASCII, its host by IDNA: what every browser, phone and provider takes. Raises BadAddress."""
    given = web_address(text, most)
    try:
        parts = urlsplit(f"{given.scheme}://{given.authority}")
        host, port = parts.hostname or "", parts.port
        name = f"[{host}]" if ":" in host else _looked_up(host)
    except ValueError:
        name, port = "", None
    if not _LOOKED_UP.fullmatch(name) or not _is_place(name):  # IDNA makes blanks, dots and the like of a few letters
        raise BadAddress("must have a host that can be looked up")
    return str(replace(given, authority=name if port is None else f"{name}:{port}"))


def _looked_up(host: str) -> str:
    """By IDNA of 2003, as in Python, but for letters that this makes others of: straße.de is not strasse.de."""
    labels = [_kept(label) if _DEVIATIONS.intersection(label) else label for label in _DOTS.split(host)]
    return ".".join(labels).encode("idna").decode()


def _kept(label: str) -> str:
    plain = unicodedata.normalize("NFKC", "".join(letter.lower() for letter in label))
    return "xn--" + plain.encode("punycode").decode()


def _is_place(authority: str) -> bool:
    """Host, and port where there is one; what a name looks up to is the connector's matter."""
    found = _AUTHORITY.fullmatch(authority)
    if found is None or (found[2] and not 0 < int(found[2]) < 65_536):
        return False
    host = found[1]
    if host.startswith("["):
        return _is_ipv6(host[1:-1])
    labels = host.removesuffix(".").split(".")
    return len(host) < 254 and all(0 < len(label) < 64 for label in labels) and not _NOT_IN_HOSTS.intersection(host)


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _encoded(part: str) -> str:
    return quote(part, safe=_PRINTABLE)
