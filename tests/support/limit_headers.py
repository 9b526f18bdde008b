"""What an answer tells of limits, read by a parser of structured fields that is not ours."""

from collections.abc import Iterable
from typing import Any

import http_sf


def limits_of(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, dict[str, dict[str, Any]]]:
    """By header and policy, the parameters of it."""
    parse: Any = http_sf.parse
    return {
        name.decode().lower(): {policy: dict(about) for policy, about in parse(value, tltype="list")}
        for name, value in headers
        if name.lower().startswith(b"ratelimit")
    }
