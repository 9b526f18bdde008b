"""The kinds of phone, and a browser: what carries their pushes, what they say of themselves, how their tokens look."""

import hashlib
import secrets
import uuid
from typing import Any, Literal

from deploy.sandbox.phone.sdk_api import Installation

Platform = Literal["ios", "android", "huawei", "rustore", "web"]
PROVIDERS: dict[Platform, str] = {
    "ios": "apns",
    "android": "fcm",
    "huawei": "hms",
    "rustore": "rustore",
    "web": "web",
}
MODELS: dict[Platform, str] = {
    "ios": "iPhone",
    "android": "Android phone",
    "huawei": "Huawei phone",
    "rustore": "RuStore phone",
    "web": "Browser",
}


def identity(seed: str) -> dict[str, Any]:
    """Fields of a Device that is the same installation whenever it is made from this seed."""
    return {
        "who": Installation(str(uuid.uuid5(uuid.NAMESPACE_URL, f"rpns:sandbox:{seed}")), ""),
        "proof": hashlib.sha256(f"rpns sandbox {seed}".encode()).hexdigest(),
    }


def new_token(platform: Platform) -> str:
    """In the form that the platform's provider gives; a browser gets its subscription from the push service."""
    if platform == "ios":
        return secrets.token_hex(32)
    if platform == "android":
        return f"{secrets.token_urlsafe(16)}:APA91b{secrets.token_urlsafe(96)}"
    return secrets.token_urlsafe(64)
