"""Checks provisioned credentials once more when a sender is opened (`services/runtime/credentials.py`)."""

from typing import Any, TypeVar

from pydantic import ValidationError

from services.dispatch.provider import BadCredentials
from services.runtime.credentials import Credentials

Shape = TypeVar("Shape", bound=Credentials)


def validated(shape: type[Shape], given: dict[str, Any]) -> Shape:
    """The credentials. Raises BadCredentials that names each field and the rule it breaks."""
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        places = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
        raise BadCredentials("; ".join(places)) from None
