"""Text that the log and the database can hold. Pure."""

from typing import Annotated

from pydantic import AfterValidator


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not hold a NUL character")
    if not text.isascii() and any("\ud800" <= one <= "\udfff" for one in text):
        raise ValueError("must not hold a lone surrogate")
    return text


Text = Annotated[str, AfterValidator(_storable)]
"""A string without NUL and lone surrogates."""
