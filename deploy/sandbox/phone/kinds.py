"""The kinds of phone, and a browser: what carries their pushes, what they say of themselves, how their tokens look."""

import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Literal

from deploy.sandbox.phone.sdk_api import Installation
from deploy.sandbox.provider import Phone
from deploy.sandbox.providers import PHONES

if TYPE_CHECKING:
    Platform = str
else:  # derived: a type checker cannot follow it
    Platform = Literal[tuple(phone.platform for phone in PHONES.values())]
PROVIDERS: dict[Platform, str] = {phone.platform: provider for provider, phone in PHONES.items()}


def identity(seed: str) -> dict[str, Any]:
    """Fields of a Device that is the same installation whenever it is made from this seed."""
    return {
        "who": Installation(str(uuid.uuid5(uuid.NAMESPACE_URL, f"rpns:sandbox:{seed}")), ""),
        "proof": hashlib.sha256(f"rpns sandbox {seed}".encode()).hexdigest(),
    }


def phone_of(platform: Platform) -> Phone:
    """What is to be known of such a phone."""
    return PHONES[PROVIDERS[platform]]
