"""The body of a usual request, one push without a cascade and options, read by one decoding. Pure.

    bytes ─▶ plain_request ─▶ PlainRequest    every field known and of its type, customPayload as it would be written
                          └─▶ None            whatever else it is: `reading.py` reads it, or says what is wrong

So nothing is refused here, and what is read means the same as what `reading.py` reads: `accept` takes both. The fields
are those of `body.py`, by the same names.
"""

import json
from typing import Annotated, Literal

import msgspec
import orjson

from schemas import lossless

_Delivery = Literal[0, 1, 2, "0", "1", "2"] | None
_Short = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class _Plain(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """Base of the structs: names in camel case, and no others."""


class PlainButton(_Plain):
    """`ButtonBody`."""

    title: _Short
    action: _Short
    options: Annotated[str, msgspec.Meta(max_length=300)] | None = None


class PlainContent(_Plain):
    """`ContentBody`."""

    content_category: str | None = None
    content_url: Annotated[str, msgspec.Meta(max_length=512)] | None = None
    actions: Annotated[list[PlainButton], msgspec.Meta(max_length=3)] | None = None


class PlainPush(_Plain):
    """`PushData` without options; `custom_payload` is compact JSON, or nothing."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    title: Annotated[str, msgspec.Meta(max_length=80)] | None = None
    external_user_id: str | None = None
    service_number: str | None = None
    ttl: int | None = None
    ttl_unit: str | None = None
    callback_data: str | None = None
    shorten_links: bool | None = None
    registered_delivery: _Delivery = None
    notify_url: str | None = None
    primary_on: bool | None = None
    content: PlainContent | None = None
    device_subscriptions: list[str] | None = None
    custom_payload: msgspec.Raw = msgspec.Raw()
    extra_options: None = None
    options: None = msgspec.field(default=None, name="Options")


class PlainMessage(_Plain):
    """`MessageBody` of a push."""

    type: Literal["PUSH"]
    data: PlainPush
    shorten_links: bool | None = None


class PlainRequest(_Plain):
    """`SendRequest` of one push."""

    login: str
    password: str
    message: PlainMessage
    id: str | None = None
    dest_addr: str | None = None
    extra_param: str | None = None
    use_time_diff: bool | None = None
    schedule_info: None = None
    shorten_links: bool | None = None
    registered_delivery: _Delivery = None
    notify_url: str | None = None
    cascade_chain_link: None = None


_decode = msgspec.json.Decoder(PlainRequest).decode


def plain_request(body: bytes) -> PlainRequest | None:
    """The request; None for one that is not plain."""
    try:
        lossless.check_nul(body)
        request = _decode(body)
        data = request.message.data
        payload = _compact(bytes(data.custom_payload))
    except (lossless.NotJson, msgspec.DecodeError, ValueError, TypeError, RecursionError):
        return None
    if payload is None:
        return None
    data.custom_payload = msgspec.Raw(payload)
    return request


def _compact(raw: bytes) -> bytes | None:
    """The JSON as it is handed on, nothing for null; None where reading it would lose something.

    Raises ValueError, TypeError.
    """
    if not raw or raw == b"null":
        return b""
    value = orjson.loads(raw)
    compact = orjson.dumps(value)
    return compact if compact == raw or json.dumps(value).encode() == raw else None
