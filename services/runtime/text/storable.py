"""Text that the log and the database can hold. Pure."""

from typing import Annotated

from pydantic import AfterValidator

from schemas.lossless import NO_NUL


def fault_of(text: str) -> str | None:
    """Why the text cannot be stored; None for text that can."""
    if "\x00" in text:
        return NO_NUL
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "must not hold a lone surrogate"
    return None


def _storable(text: str) -> str:
    if (fault := fault_of(text)) is not None:
        raise ValueError(fault)
    return text


Text = Annotated[str, AfterValidator(_storable)]
"""A string without NUL and lone surrogates."""
