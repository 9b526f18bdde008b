"""Whom push services may ask about a key for Web Push (RFC 8292 §2.1), by the strictest rules there are: Apple's. Pure.

Apple answers 403 BadJwtToken to a mailbox in angle brackets and to a domain that is none of the internet (localhost),
and every push to a Safari is refused then, while others take it.
"""

import re
from typing import Final
from urllib.parse import urlsplit

RULE: Final = (
    "must be mailto: with a mailbox, without angle brackets, or an https: address; its domain must be one of the "
    "internet, as in mailto:push@bank.example"
)
MOST_CHARACTERS: Final = 512
_MAILBOX: Final = re.compile(r"mailto:([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+)@([^@]+)")
_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_TOP: Final = re.compile(r"[A-Za-z]{2,63}|xn--[A-Za-z0-9-]{1,59}", re.IGNORECASE)
_OF_NO_INTERNET: Final = frozenset({"localhost", "localdomain", "local", "internal", "invalid", "lan", "home", "arpa"})


def vapid_subject(text: str) -> str:
    """The subject. Raises ValueError with the rule."""
    if not text.isascii() or not text.isprintable() or " " in text or len(text) > MOST_CHARACTERS:
        raise ValueError(RULE)
    found = _MAILBOX.fullmatch(text)
    if not _is_domain(found[2] if found is not None else _host(text)):
        raise ValueError(RULE)
    return text


def _host(text: str) -> str:
    """The host of an https address without a login; empty for anything else."""
    try:
        parts = urlsplit(text)
        is_https = parts.scheme == "https" and parts.username is None and (parts.port or 443) > 0
    except ValueError:
        return ""
    return (parts.hostname or "") if is_https and not {"<", ">"} & set(text) else ""


def _is_domain(name: str) -> bool:
    labels = name.split(".")
    is_known = len(labels) > 1 and len(name) < 254 and labels[-1].lower() not in _OF_NO_INTERNET
    return is_known and all(_LABEL.fullmatch(label) for label in labels) and _TOP.fullmatch(labels[-1]) is not None
