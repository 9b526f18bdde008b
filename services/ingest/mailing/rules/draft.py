"""The body of `POST /v1/mailings`: a message as `/v6/send` takes it, without a recipient, and how to send it. Pure.

Everything that `rules/message.py` refuses is refused here too, by the same code. A value that differs from recipient to
recipient is written `{{name}}`, and counts as one character until the list shows its length.
"""

import re
from collections.abc import Iterator, Mapping
from copy import copy
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from schemas import lossless
from schemas.application_events import PartnerChanged
from services.ingest.mailing.rules.placeholders import odd_braces, replaced, single_braced
from services.ingest.mailing.rules.segment import Segment, SegmentBody, segment_of
from services.ingest.rules import (
    FIRST_MARK,
    MARK,
    AcceptedMessage,
    Request,
    Senders,
    Wire,
    accept,
    invalid,
    parsed,
)

MAX_RATE_PER_S = 100_000
DEFAULT_RATE_PER_S = 1_000
OnBadLines = Literal["refuse", "skip"]
OnRepeated = Literal["skip", "send"]
MAX_NAMES = 100
_MAX_DEPTH = 100
_ANYBODY = "70000000000"
_ALLOWED = re.compile(
    r"extraParam"
    r"|(cascadeChainLink(\.nextLink)*\.)?message\.data\."
    r"(text|title|callbackData|customPayload\b.*|content\.contentUrl|content\.actions\[\d+\]\.(title|options)"
    r"|(extraOptions|Options)\[\d+\]\.param_value\b.*|instantContent\.data\b.*)"
)
_NOT_SENT = frozenset({"name", "id"})
_RESERVED = frozenset({"to", "externalUserId", "id"})


class MailingBody(Request):
    """What is to be sent, and how; the recipients follow as a list, or are a segment."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    rate_per_s: Annotated[int, Field(ge=1, le=MAX_RATE_PER_S)] = DEFAULT_RATE_PER_S
    on_bad_lines: OnBadLines = "refuse"
    on_repeated: OnRepeated = "skip"
    segment: SegmentBody | None = None


class ChangeBody(Wire):
    """`PATCH /v1/mailings/{id}`: what may still change."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    rate_per_s: Annotated[int, Field(ge=1, le=MAX_RATE_PER_S)] | None = None
    on_bad_lines: OnBadLines | None = None
    on_repeated: OnRepeated | None = None  # of a draft only


class MailingDraft(NamedTuple):
    """An acceptable mailing: its message with a mark for each value, and the names of the values in order.

    `single_braces`: names in braces that are text, where a placeholder may have been meant.
    """

    body: MailingBody
    accepted: AcceptedMessage
    names: tuple[str, ...]
    single_braces: tuple[str, ...]
    segment: Segment | None


def draft(raw: object, partner: PartnerChanged, senders: Senders, now_ms: int, is_stored: bool = False) -> MailingDraft:
    """Read and check a mailing. Raises Refused, which names the field and the rule.

    With the same time the result is the same, so the mailing is stored as the partner wrote it. One that `is_stored`
    was accepted under older rules: odd braces in it stay text.
    """
    if not isinstance(raw, dict):
        raise invalid("body", "must be an object")
    names: list[str] = []
    if not is_stored:
        _check_braces(raw, "")
    marked = _marked(raw, "", names)
    body = parsed(MailingBody, marked, "")
    if body.segment is not None and names:
        raise invalid("message", f"a segment has no values, so {{{{{names[0]}}}}} cannot be filled in")
    _check_no_recipient(body, marked)
    anybody = copy(body)
    anybody.dest_addr, anybody.id = _ANYBODY, None
    accepted = accept(anybody, partner, senders, now_ms, "bulk", draw_id=lambda: "")
    segment = None if body.segment is None else segment_of(body.segment, accepted.request.chain, partner)
    braced = tuple(dict.fromkeys(_single_braced(raw, "")))
    return MailingDraft(body, accepted, tuple(names), braced[:MAX_NAMES], segment)


def without_values(definition: str) -> str:
    """The definition as the log may have it: without SECURE values, whose names stay."""
    return lossless.text_of(_hidden(lossless.loads(definition)))


def _hidden(value: Any) -> Any:
    if not isinstance(value, dict):
        return lossless.mapped(value, _hidden)
    pairs = list(lossless.pairs_of(value))
    if any(name == "param_name" and str(part).upper() == "SECURE" for name, part in pairs):
        return lossless.object_of((name, _emptied(part) if name == "param_value" else part) for name, part in pairs)
    return lossless.object_of((name, _hidden(part)) for name, part in pairs)


def _emptied(values: Any) -> Any:
    return dict.fromkeys(values, "") if isinstance(values, dict) else ""


def _check_no_recipient(body: MailingBody, raw: Mapping[str, Any]) -> None:
    if body.dest_addr is not None:
        raise invalid("destAddr", "belongs to the recipients of a mailing")
    message, where, link = raw.get("message"), "message", raw.get("cascadeChainLink")
    path = "cascadeChainLink"
    while isinstance(message, dict):
        data = message.get("data")
        if isinstance(data, dict) and data.get("externalUserId") is not None:
            raise invalid(f"{where}.data.externalUserId", "belongs to the recipients of a mailing")
        if not isinstance(link, dict):
            return
        message, where, link, path = link.get("message"), f"{path}.message", link.get("nextLink"), f"{path}.nextLink"


def _check_braces(value: Any, where: str, depth: int = 0) -> None:
    """Check that everything in braces is a placeholder, or clearly text. Raises Refused with the place."""
    if depth > _MAX_DEPTH:
        raise invalid("body", "nested too deeply")
    if isinstance(value, dict):
        for key, part in lossless.pairs_of(value):
            path = f"{where}.{key}" if where else str(key)
            if _ALLOWED.fullmatch(path) and ("{{" in key or odd_braces(key)):
                raise invalid(where, "a key must not hold {{ or }}: values are not filled in there")
            _check_braces(part, path, depth + 1)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            _check_braces(part, f"{where}[{place}]", depth + 1)
    elif isinstance(value, str) and where not in _NOT_SENT and (rule := odd_braces(value)):
        raise invalid(where, rule)


def _single_braced(value: Any, where: str) -> Iterator[str]:
    """Of what the recipients' values are filled into; its depth was checked."""
    if isinstance(value, dict):
        for key, part in lossless.pairs_of(value):
            yield from _single_braced(part, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _single_braced(part, f"{where}[{place}]")
    elif isinstance(value, str) and _ALLOWED.fullmatch(where):
        yield from single_braced(value)


def _check_unreserved(text: str, where: str) -> None:
    if MARK.search(text):
        raise invalid(where, "holds a character that is reserved (U+10F000 to U+10FFFD)")


def _marked(value: Any, where: str, names: list[str], depth: int = 0) -> Any:
    """The value with a private character for each placeholder; `names` grows by the new ones."""
    if depth > _MAX_DEPTH:
        raise invalid("body", "nested too deeply")
    if isinstance(value, dict):
        pairs = list(lossless.pairs_of(value))
        for key, _ in pairs:
            _check_unreserved(key, where or "body")
        return lossless.object_of(
            (key, _marked(part, f"{where}.{key}" if where else str(key), names, depth + 1)) for key, part in pairs
        )
    if isinstance(value, list):
        return [_marked(part, f"{where}[{place}]", names, depth + 1) for place, part in enumerate(value)]
    if not isinstance(value, str):
        return value
    _check_unreserved(value, where)

    def mark(name: str) -> str:
        if not _ALLOWED.fullmatch(where):
            raise invalid(where, f"{{{{{name}}}}} cannot be used here")
        if name in _RESERVED:
            raise invalid(where, f"{{{{{name}}}}} is the name of a column of its own")
        if name not in names:
            if len(names) >= MAX_NAMES:
                raise invalid(where, f"at most {MAX_NAMES} different placeholders")
            names.append(name)
        return chr(ord(FIRST_MARK) + names.index(name))

    return replaced(value, mark)
