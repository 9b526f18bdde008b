"""The shape of provisioned credentials: checked when a sender is opened, refused by field and rule, never by value."""

from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from services.dispatch.provider import BadCredentials
from services.runtime.http.web_address import web_address


class Credentials(BaseModel):
    """Base of what the providers' consoles give out; what we do not need of it is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


Shape = TypeVar("Shape", bound=Credentials)

PathSegment = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~:-]{1,128}$")]
"""An id that becomes part of an address as it is."""
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,4096}$")]
"""A secret that is sent in a header as it is."""


def _https(url: str) -> str:
    if web_address(url).scheme != "https":
        raise ValueError("must be an https address")
    return url


HttpsUrl = Annotated[str, AfterValidator(_https)]


def validated(shape: type[Shape], given: dict[str, Any]) -> Shape:
    """The credentials. Raises BadCredentials that names each field and the rule it breaks."""
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        places = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
        raise BadCredentials("; ".join(places)) from None
