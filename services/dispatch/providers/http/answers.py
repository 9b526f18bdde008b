"""What the answers of all providers have in common: their JSON, and what a status says that no table lists. Pure.

Such a status is about its own message and no other. A word that is new, a proxy's page, a status that the documentation
leaves out: none of them retires a token or stops an application.
"""

from typing import Any, Final

import orjson

_PASSING: Final = frozenset({408, 425, 429})


def is_passing(status: int) -> bool:
    """Whether it is worth trying again: trouble of the server, too much, too late, or a redirect."""
    return status < 400 or status >= 500 or status in _PASSING


def json_object(body: bytes) -> dict[str, Any]:
    """The body, which may be anything; empty unless it is a JSON object."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}
