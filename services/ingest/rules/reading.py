"""The reading of `/v6/send`: bytes become a `SendRequest` that has lost nothing of what we hand on unread. Pure.

bytes ─▶ the fast parser ─▶ would what is handed on be written as it is in the bytes? ─▶ yes: done
                                     └─ no: 1.10, 2**70, a name twice, other escapes ─▶ read again, exactly
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from pydantic import ValidationError

from schemas import lossless
from services.ingest.rules.body import LinkBody, SendRequest
from services.ingest.rules.errors import Refused, invalid
from services.runtime.http.field_rules import NOT_JSON

_OPAQUE = {"customPayload": b'"customPayload"', "extraOptions": b'"extraOptions"', "Options": b'"Options"'}
_PLAIN = (str, bool, type(None))
_ENDING = (dict, list, str)
"""Values whose end shows in the text."""


def read_request(body: bytes) -> SendRequest:
    """Raises Refused for what is no JSON text that we take, ValidationError for wrong fields."""
    try:
        lossless.check_nul(body)
        request = SendRequest.model_validate_json(body)
    except lossless.NotJson as error:
        raise not_json(error) from None
    except ValidationError as error:
        if error.errors(include_url=False, include_input=False)[0]["type"] != "json_invalid":
            raise
        return SendRequest.model_validate(read_json(body))  # whose numbers may be too long for the fast parser
    if _is_lossless(request, body):
        return request
    return SendRequest.model_validate(read_json(body))


def read_json(body: bytes) -> Any:
    """The JSON of a partner, without loss. Raises Refused."""
    try:
        lossless.check_nul(body)
        return lossless.loads(body)
    except lossless.NotJson as error:
        raise not_json(error) from None


def not_json(error: lossless.NotJson) -> Refused:
    """Error 4 for a body that cannot be read."""
    rule = str(error)
    return invalid("body", NOT_JSON if rule.startswith("must be JSON") else rule)


def _is_lossless(request: SendRequest, body: bytes) -> bool:
    """Whether each part that is handed on is in the body as it would be written again."""
    if request.cascade_chain_link is not None:
        return _are_lossless(list(_handed_on(request)), body)
    message = request.message
    kind, data = message.type, message.data
    if kind != "PUSH":
        return not _is_handed_on(kind, data) or _are_lossless([data], body)
    for name, key in _OPAQUE.items():
        value = data.get(name)
        if value is not None and not _is_in(body, key, value):
            return False
    return True


def _is_in(body: bytes, key: bytes, value: object) -> bool:
    """Whether the only member of this name has this value, which is not null, byte for byte."""
    if not isinstance(value, _ENDING):
        return False
    place = body.find(key)
    behind = place + len(key)
    if place < 0 or body.find(key, behind) >= 0:
        return False
    try:
        if body.startswith(b":" + orjson.dumps(value), behind):
            return True
    except TypeError:  # integers of more than 64 bits
        return False
    return body.startswith(b": " + json.dumps(value).encode(), behind)  # as Python writes by itself


def _are_lossless(parts: Sequence[dict[str, Any]], body: bytes) -> bool:
    """The same for whole `data`: each is in the body as often as the request has it."""
    try:
        compact = Counter(b'"data":' + orjson.dumps(part) for part in parts)
    except TypeError:
        return False
    if all(body.count(text) >= count for text, count in compact.items()):
        return True
    spaced = Counter(b'"data": ' + json.dumps(part).encode() for part in parts)
    return all(body.count(text) >= count for text, count in spaced.items())


def _handed_on(request: SendRequest) -> Iterator[dict[str, Any]]:
    """`message.data` of each link that holds what we do not read, or hand on whole."""
    if _is_handed_on(request.message.type, request.message.data):
        yield request.message.data
    link: LinkBody | None = request.cascade_chain_link
    while link is not None:
        if _is_handed_on(link.message.type, link.message.data):
            yield link.message.data
        link = link.next_link


def _is_handed_on(kind: str | None, data: dict[str, Any]) -> bool:
    if (kind or "").upper() == "PUSH":
        return not _OPAQUE.keys().isdisjoint(data)
    for value in data.values():
        if not isinstance(value, _PLAIN) and not (isinstance(value, int) and 0 < value < 2**63):
            return True
    return False
