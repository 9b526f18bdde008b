"""HTTP that the features share: bodies within a limit, answers in the partner protocol's own JSON, problem details."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, TypeGuard

import orjson
from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from schemas.application_events import PartnerChanged
from schemas.language import Language
from services.ingest.rules import Code, Refusal, Refused, read_json
from services.runtime import mongo
from services.runtime.access.partner_limits import LimitHeaders
from services.runtime.http.beside import HEADER, header_of, query_warnings
from services.runtime.http.server import COMPRESSED, Problem, is_compressed
from services.runtime.log.traced import for_partner
from services.runtime.text.languages import spoken_by

_OF_STRANGERS = frozenset({Code.LOGIN, Code.PASSWORD, Code.ADDRESS, Code.TOO_MANY})
_STATUS = {Code.DUPLICATE: 409, Code.UNAVAILABLE: 503}
"""Of problems: what the native API does not answer with 400."""
_JSON = (b"content-type", b"application/json")
_COMPRESSED = Refusal(Code.INVALID, "Content-Encoding", COMPRESSED)
_NOT_JSON = Refusal(Code.INVALID, "Content-Type", "must be application/json in UTF-8")


class RejectedMessage(NamedTuple):
    """A message of a packet, or all of it: `fault` as `packet.errors.PacketFault`; what it gave as its id."""

    fault: tuple[str, str, str]
    reference: object = None


@dataclass(slots=True)
class Beside:
    """What goes with an answer beside its body: warnings, and what is left of limits; and for whoever counts refusals,
    which partner it is, once that is proved, what the request gave as its id, and what of a packet was rejected. It
    grows while the answer is made."""

    warnings: list[str] = field(default_factory=list)
    limits: LimitHeaders = ()
    partner: PartnerChanged | None = None
    reference: object = None
    rejected: list[RejectedMessage] = field(default_factory=list)


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes | Refusal | None:
    """The whole body; None when the caller hung up; a refusal for one that is too large or not JSON."""
    for name, value in scope["headers"]:
        if name == b"content-type" and not _is_json(value):
            return _NOT_JSON
        if name == b"content-encoding" and is_compressed(((name, value),)):
            return _COMPRESSED
        if name == b"content-length" and int(value) > limit:
            return _too_large(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            return _too_large(limit)
        if not message.get("more_body", False):
            whole = b"".join((*parts, part)) if parts else part
            return whole.removeprefix(b"\xef\xbb\xbf")  # which 1C and .NET may write (RFC 8259 §8.1)
        parts.append(part)


class InPartnersTrace:
    """An endpoint whose messages keep the trace that the request's own `traceparent` names."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with for_partner(scope["headers"]):
            await self._app(scope, receive, send)


async def write_answer(scope: Scope, send: Send, answer: bytes | Refusal, beside: Beside, status: int = 200) -> None:
    """The answer to a partner; `status` is that of an answer that is no refusal."""
    headers = [_JSON, *beside.limits]
    if scope["query_string"] and not is_of_a_stranger(answer, beside):
        beside.warnings += query_warnings(scope["query_string"])
    if isinstance(answer, Refusal):
        if (language := spoken_by(scope["headers"])) is not Language.ENGLISH:
            headers.append((b"content-language", language.value.encode()))
        status = answer.code.http_status
        if status in (429, 503):
            headers.append((b"retry-after", b"%d" % answer.retry_after_s))
        answer = error_body(answer, language)
    if beside.warnings:
        headers.append((HEADER, header_of(beside.warnings)))
    headers.append((b"content-length", b"%d" % len(answer)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def is_of_a_stranger(answer: bytes | Refusal, beside: Beside) -> TypeGuard[Refusal]:
    """Whether somebody was refused who has not proved to be a partner, or calls from where none may."""
    return isinstance(answer, Refusal) and answer.code in _OF_STRANGERS and not beside.limits


def error_body(refusal: Refusal, language: Language = Language.ENGLISH) -> bytes:
    """The body of an error answer. What partners' parsers compare stays as the protocol has it in every language."""
    body: dict[str, object] = {"error": {"code": int(refusal.code), "description": refusal.code.description}}
    if detail := refusal.said_in(language):
        body["extendedDescription"] = detail
    return orjson.dumps(body)


def unexpected(error: Exception) -> Refusal:
    """The refusal for a failure that nobody expected. Where the database refused, trying again may help."""
    if isinstance(error, mongo.REFUSALS):
        return Refusal(Code.UNAVAILABLE, "", "the request could not be stored, repeat it with the same id")
    return Refusal(Code.INTERNAL, "", "")


async def json_of(request: Request) -> Any:
    """The body of a request to the native API, without loss. Raises Problem."""
    body = await request.body()
    try:
        return read_json(body)
    except Refused as refused:
        raise problem_of(refused) from None


def problem_of(refused: Refused, names: Mapping[str, str] = MappingProxyType({})) -> Problem:
    """The error that `/v6/send` would have answered, as problem details: its code is in `detail`.

    `names`: what the fields of a message are called by whoever has asked.
    """
    refusal = refused.refusal
    errors = [field_error(names.get(fault.field, fault.field or "body"), fault.rule) for fault in refusal.faults]
    status, detail = _STATUS.get(refusal.code, 400), f"error {int(refusal.code)}"
    return Problem(status, refusal.code.description, detail, errors, retry_after_s=refusal.retry_after_s)


def field_error(field: str, rule: str) -> dict[str, str]:
    """An entry of `errors` in problem details."""
    return {"field": field, "rule": rule}


def _too_large(limit: int) -> Refusal:
    return Refusal(Code.INVALID, "body", f"must be at most {limit} bytes")


def _is_json(content_type: bytes) -> bool:
    """True for application/json, whatever else it says, except another encoding. None given: taken as JSON."""
    if content_type == b"application/json":
        return True
    kind, *parameters = (part.strip() for part in content_type.lower().split(b";"))
    charsets = [part.split(b"=", 1)[1].strip(b'" ') for part in parameters if part.startswith(b"charset=")]
    return kind == b"application/json" and all(charset in (b"utf-8", b"utf8", b"us-ascii") for charset in charsets)
