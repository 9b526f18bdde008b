"""The first push of a partner: as a line for a shell, or sent and followed."""

import json
import shlex
import time
from dataclasses import dataclass
from typing import Any

from deploy.cli.gateway import Gateway, Refused
from deploy.cli.messages.push import Until, follow

READ_S = 15.0
"""How long a service may take to have read of a partner that was just made; usually it is milliseconds."""
_LOOK_S = 0.5
_NOT_KNOWN_YET = (400, 401)
"""The sender, the login."""


@dataclass(frozen=True)
class FirstPush:
    """Whose, from which sender, and to whom; what is not known stands as dots."""

    login: str
    password: str | None
    sender: str
    phone: str | None

    @property
    def body(self) -> dict[str, Any]:
        message = {"type": "PUSH", "data": {"serviceNumber": self.sender, "text": "Hello", "ttl": 5}}
        return {
            "login": self.login,
            "password": self.password or "…",
            "destAddr": self.phone or "7…",
            "message": message,
        }

    def curl_line(self, url: str) -> str:
        body = shlex.quote(json.dumps(self.body, ensure_ascii=False))
        return f"curl -X POST {url}/v6/send -H 'content-type: application/json' -d {body}"

    def send(self, anybody: Gateway, *, is_new: bool, timeout_s: float) -> int:
        """The exit code of what became of it. Raises Fault."""
        deadline = time.monotonic() + (READ_S if is_new else 0)
        while True:
            try:
                answer = anybody.call("POST", "/v6/send", self.body)
            except Refused as refused:
                if refused.status not in _NOT_KNOWN_YET or time.monotonic() >= deadline:
                    raise
                time.sleep(_LOOK_S)
                continue
            own = anybody.as_partner(self.login, self.password or "")
            return follow(own, answer["mtNum"], Until.SENT, timeout_s)
