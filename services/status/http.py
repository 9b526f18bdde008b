"""Shared by the routes of status: the base of answers, reading a time, and the answer that names a broken rule."""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from services.runtime.http import server

_MAX_MS = 253_402_300_799_999  # the end of year 9999


class Answer(BaseModel):
    """Base of answers: names in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True)


def invalid(field: str, rule: str) -> server.Problem:
    """400 that names the field and the rule."""
    return server.Problem(400, "Invalid request", errors=[{"field": field, "rule": rule}])


def moment(field: str, text: str | None) -> int | None:
    """UTC milliseconds, or ISO 8601 (UTC unless it has an offset), as UTC ms. Raises the Problem that names `field`."""
    if text is None:
        return None
    try:
        if text.isascii() and text.isdigit():
            at = int(text)
        else:
            given = datetime.fromisoformat(text.replace(" ", "+"))
            at = int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        at = -1
    if not 0 <= at <= _MAX_MS:
        raise invalid(field, "must be UTC milliseconds or ISO 8601")
    return at
