"""Shared by the routes of status: the base of answers, their language, reading a time, and what names a broken rule."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Header, Request, Response
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from schemas.language import Language
from services.runtime.http import server
from services.runtime.text.languages import spoken_by

_MAX_MS = 253_402_300_799_999  # the end of year 9999


class Answer(BaseModel):
    """Base of answers: names in camel case."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        serialize_by_alias=True,
        json_schema_serialization_defaults_required=True,  # answers have all their fields, and are described so
    )


def invalid(field: str, rule: str) -> server.Problem:
    """400 that names the field and the rule."""
    return server.Problem(400, "Invalid request", errors=[{"field": field, "rule": rule}])


async def spoken(
    request: Request, response: Response, _: Annotated[str | None, Header(alias="Accept-Language")] = None
) -> Language:
    """A dependency: the language of the answer's words, which its headers name."""
    language = spoken_by(request.headers.raw)
    response.headers["Content-Language"] = language.value
    response.headers["Vary"] = "Accept-Language"
    return language


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
