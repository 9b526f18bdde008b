"""Why a stored message cannot be read: a newer release has stored it, or something else has damaged it. Pure.

    an array with more fields, a word that is in no table    ─▶ NewerForm: waits for the newer release
    no JSON, a field that is missing, an array too short     ─▶ Damaged: no release stores that; a rebuild mends it

A word that damage has made of another cannot be told from a new one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from schemas.codec import Damaged, Newer
from services.status.message.model import Link
from services.status.message.parts import CascadeDecision, Change, Count, Delivery, InboxMark, Report, Request, Skip

UNREADABLE = (TypeError, LookupError, ValueError, AttributeError)
"""What reading one raises."""
_REQUIRED = {"_id", "partner_id", "lane", "first_at", "trace", "trace_count", "trace_dropped", "revision"}
_KINDS: dict[str, type[Any]] = {
    "requests": Request,
    "deliveries": Delivery,
    "skipped": Skip,
    "changes": Change,
    "inbox": InboxMark,
    "counts": Count,
}
_KINDS_ALONE: dict[str, type[Any]] = {"wanted": Report, "cascade_decision": CascadeDecision}


def _lengths(kinds: Mapping[str, type[Any]]) -> list[tuple[int, int]]:
    """Where they stand in a link, and how many fields they have."""
    return [(Link.__slots__.index(name), len(kind.__slots__)) for name, kind in kinds.items()]


_PARTS, _ALONE = _lengths(_KINDS), _lengths(_KINDS_ALONE)


class NewerForm(Newer):
    """The message was stored by a newer release: in a newer form, or with fields or words that this one lacks."""


def why_unreadable(document: Mapping[str, Any], error: Exception) -> NewerForm | Damaged:
    """`error` is what reading it has raised; its text may repeat what is stored, and is not told."""
    kind = type(error).__name__
    links = _links(document)
    is_whole = document.keys() >= _REQUIRED and ("owed_at" not in document or "owed_link" in document)
    if is_whole and links is not None and (isinstance(error, KeyError) or _is_longer(links)):
        return NewerForm(f"a message is stored with what this release does not know: {kind}")
    return Damaged(f"the message {document.get('_id')} is stored as no release stores one: {kind}")


def _links(document: Mapping[str, Any]) -> list[list[Any]] | None:
    try:
        links = orjson.loads(document["links"])
    except UNREADABLE:
        return None
    return links if isinstance(links, list) and all(isinstance(link, list) for link in links) else None


def _is_longer(links: Sequence[Sequence[Any]]) -> bool:
    """Whether one of the arrays has more fields than this release knows."""
    return any(len(link) > len(Link.__slots__) or _has_longer_parts(link) for link in links)


def _has_longer_parts(link: Sequence[Any]) -> bool:
    found = [(link[place], most) for place, most in _ALONE if place < len(link)]
    for place, most in _PARTS:
        parts = link[place] if place < len(link) else None
        parts = list(parts.values()) if isinstance(parts, Mapping) else parts
        found += [(part, most) for part in parts] if isinstance(parts, list) else []
    return any(isinstance(part, list) and len(part) > most for part, most in found)
