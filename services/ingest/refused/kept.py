"""What of a fault may be kept: names that the code has, rules that a table has, and nothing that a request gave. Pure.

message.data.extraOptions[3].SECURE.4111…       ─▶ message.data.extraOptions[].SECURE.…
no value for the placeholder %4111…%            ─▶ no value for the placeholder %…%
unknown field, did you mean ttl?                ─▶ as it is
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from pydantic import BaseModel

from services.runtime.http.field_names import shape_of
from services.runtime.text import phones
from services.runtime.words.lookup import HIDDEN, without_values

_INDEX = re.compile(r"\[[0-9]+\]")
_BESIDE = frozenset(
    (
        *("body", "Content-Type", "Content-Encoding", "Authorization", "If-Match", "firstLine"),
        *("aps", "callbackUrl", "from", "priority", "to", "validity"),
        *("RICH", "LIVE_ACTIVITY", "SECURE", "SENDING_PLATFORMS"),
    )
)
"""Names of places that no model has."""
_MOST_OF_FIELD, _MOST_OF_RULE, _MOST_OF_REFERENCE = 200, 300, 100


@lru_cache(maxsize=1024)
def kept_field(field: str) -> str:
    """The place without numbers, up to the first name that nobody but the request knows."""
    parts = list[str]()
    for part in _INDEX.sub("[]", field[:_MOST_OF_FIELD]).split(".") if field else ():
        if part.replace("[]", "") not in _names():
            parts.append(HIDDEN)
            break
        parts.append(part)
    return ".".join(parts)


@lru_cache(maxsize=1024)
def kept_rule(rule: str) -> str:
    """The rule in English; empty for one that no table has."""
    return without_values(rule)[:_MOST_OF_RULE]


def kept_reference(reference: object) -> str:
    """The partner's own id of a message; empty for what is none, and for what may be somebody's phone."""
    if not isinstance(reference, str) or not 0 < len(reference) <= _MOST_OF_REFERENCE or not reference.isprintable():
        return ""
    return "" if phones.normalise(reference) is not None else reference


@cache
def _names() -> frozenset[str]:
    """Of all fields of all bodies."""
    return _BESIDE.union(*(shape_of(model).keys() for model in _models(BaseModel)))


def _models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)
