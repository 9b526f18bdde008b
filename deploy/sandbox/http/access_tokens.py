"""Access tokens that a provider has handed out, and the form in which they are asked for."""

import secrets
import time
from urllib.parse import parse_qsl


class Bearers:
    """The access tokens one provider has handed out."""

    def __init__(self) -> None:
        self._expiry_s: dict[str, float] = {}  # by token, monotonic

    def issue(self, lifetime_s: int, prefix: str = "") -> str:
        now_s = time.monotonic()
        if len(self._expiry_s) > 10_000:
            self._expiry_s = {token: at_s for token, at_s in self._expiry_s.items() if at_s > now_s}
        token = prefix + secrets.token_urlsafe(96)
        self._expiry_s[token] = now_s + lifetime_s
        return token

    def knows(self, token: str | None) -> bool:
        return token in self._expiry_s

    def accepts(self, token: str | None) -> bool:
        return token is not None and self._expiry_s.get(token, 0) > time.monotonic()

    def expire(self) -> int:
        """Ends the life of every token at once, whatever was promised; returns how many it were."""
        count = len(self._expiry_s)
        self._expiry_s = dict.fromkeys(self._expiry_s, 0.0)
        return count


def read_form(body: bytes) -> dict[str, str] | None:
    """None when the body is no form."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=20))
    except ValueError:
        return None
