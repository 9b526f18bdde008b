"""Whether a receipt comes from Huawei: the header X-HUAWEI-CALLBACK-ID. Pure. Source: `docs/providers.md` §3.4.

    timestamp=<UTC ms>;nonce=<UUID>;value=<base64 of HMAC-SHA256(key, timestamp nonce user)>

The key is the callback secret: base64-decoded in newer configurations, its bytes as they are in older ones; either is
taken. The signature covers no body, so a header is good for five minutes only, and for one body (`used_signatures.py`).
"""

import base64
import binascii
import hmac
import re
from typing import Final

MOST_AGE_MS: Final = 300_000
_HEADER = re.compile(r"timestamp=(\d{10,16});\s*nonce=([\x21-\x3a\x3c-\x7e]{1,128});\s*value=([A-Za-z0-9+/_=-]{1,128})")


class NotSigned(ValueError):
    """Says why the header is not believed."""


def check(header: str | None, user: str, secret: str, now_ms: int) -> str:
    """What makes the signature this one: timestamp and nonce. Raises NotSigned."""
    found = _HEADER.fullmatch((header or "").strip())
    if found is None:
        raise NotSigned("X-HUAWEI-CALLBACK-ID must be timestamp=…;nonce=…;value=…")
    timestamp, nonce, value = found.groups()
    if abs(now_ms - int(timestamp)) > MOST_AGE_MS:
        raise NotSigned("the timestamp is more than five minutes off")
    signed = f"{timestamp}{nonce}{user}".encode()
    given = _decoded(value) or b""
    keys = [key for key in (secret.encode(), _decoded(secret)) if key]
    if not any(hmac.compare_digest(hmac.digest(key, signed, "sha256"), given) for key in keys):
        raise NotSigned("the signature is wrong")
    return f"{timestamp}/{nonce}"


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
