"""The JSON that we hand on unread, and objects whose names have hyphens or underscores. Pure."""

from typing import Any

from pydantic import BaseModel

from schemas import lossless
from services.ingest.rules.errors import invalid


def opaque(value: object, field: str) -> str:
    """JSON text of a value that we hand on unread. Raises error 4 for what JSON cannot say."""
    try:
        return lossless.text_of(value)
    except lossless.NotJson as error:
        raise invalid(field, str(error)) from None


def kept_of(model: BaseModel) -> dict[str, Any]:
    """What a model holds by its names on the wire, without what is null; values that it does not look into stay."""
    named = {field.alias or name: getattr(model, name) for name, field in type(model).model_fields.items()}
    every = named | (model.model_extra or {})
    return {
        name: kept_of(part) if isinstance(part, BaseModel) else part for name, part in every.items() if part is not None
    }


def hyphened(value: object, field: str) -> dict[str, Any]:
    """The object with hyphens in its names. Raises error 4."""
    return {name.replace("_", "-"): part for name, part in mapping_of(value, field).items()}


def mapping_of(value: object, field: str) -> dict[str, Any]:
    """The object that it must be. Raises error 4."""
    if not isinstance(value, dict):
        raise invalid(field, "must be an object")
    return value
