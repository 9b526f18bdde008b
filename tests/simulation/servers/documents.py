"""Documents in memory as MongoDB keeps them: what a query finds, what an update makes of them. Pure.

Only what the services ask for; anything else is an error, so nothing is simulated by silence.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import bson

Document = dict[str, Any]
_MISSING = object()


class NotSimulated(Exception):
    """The services ask for something that is not played here."""


def fits(document: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    """Whether the query finds the document."""
    return all(_fits(document, name, wanted) for name, wanted in query.items())


def updated(document: Document, update: Any, *, is_new: bool = False) -> Document:
    """The document after the update."""
    if isinstance(update, list):
        return _replaced(document, update)
    if not any(name.startswith("$") for name in update):
        return {"_id": document["_id"], **update}
    made = dict(document)
    for operator, fields in update.items():
        for name, value in fields.items():
            if "." in name:
                raise NotSimulated(f"{operator} of {name}")
            match operator:
                case "$set":
                    made[name] = value
                case "$setOnInsert":
                    if is_new:
                        made[name] = value
                case "$unset":
                    made.pop(name, None)
                case "$max":
                    made[name] = max(made.get(name, value), value)
                case _:
                    raise NotSimulated(operator)
    return made


def new_from(query: Mapping[str, Any]) -> Document:
    """What an upsert begins with: the fields that the query names exactly."""
    return {name: value for name, value in query.items() if not (name.startswith("$") or isinstance(value, dict))}


def stored(document: Mapping[str, Any]) -> bytes:
    """As the server keeps it. Raises what the client raises for what cannot be kept."""
    return bson.encode(document)


def loaded(raw: bytes) -> Document:
    return bson.decode(raw)


def _replaced(document: Document, steps: Sequence[Mapping[str, Any]]) -> Document:
    """`[{$replaceWith: {$cond: [{$eq: [field, value]}, {$literal: document}, $$ROOT]}}]`"""
    try:
        (step,) = steps
        condition, then, otherwise = step["$replaceWith"]["$cond"]
        name, value = condition["$eq"]
        literal = then["$literal"]
    except (KeyError, ValueError, TypeError):
        raise NotSimulated(str(steps)) from None
    if otherwise != "$$ROOT":
        raise NotSimulated(otherwise)
    return dict(literal) if document.get(name.removeprefix("$")) == value else document


def _fits(document: Mapping[str, Any], name: str, wanted: Any) -> bool:
    if name == "$or":
        return any(fits(document, query) for query in wanted)
    if name == "$and":
        return all(fits(document, query) for query in wanted)
    found = _value(document, name)
    if isinstance(wanted, dict) and any(key.startswith("$") for key in wanted):
        return all(_holds(found, operator, value) for operator, value in wanted.items())
    return _equals(found, wanted)


def _value(document: Any, name: str) -> Any:
    for part in name.split("."):
        if not isinstance(document, Mapping) or part not in document:
            return _MISSING
        document = document[part]
    return document


def _equals(found: Any, wanted: Any) -> bool:
    if wanted is None:
        return found is _MISSING or found is None
    return bool(found == wanted) or (isinstance(found, list) and wanted in found)


def _holds(found: Any, operator: str, value: Any) -> bool:
    match operator:
        case "$eq":
            return _equals(found, value)
        case "$ne":
            return not _equals(found, value)
        case "$in":
            return any(_equals(found, wanted) for wanted in value)
        case "$nin":
            return not any(_equals(found, wanted) for wanted in value)
        case "$exists":
            return (found is not _MISSING) is bool(value)
        case "$lt" | "$lte" | "$gt" | "$gte":
            if found is _MISSING or found is None or type(found) is bool:
                return False
            orders: dict[str, bool] = {
                "$lt": found < value,
                "$lte": found <= value,
                "$gt": found > value,
                "$gte": found >= value,
            }
            return orders[operator]
        case _:
            raise NotSimulated(operator)
