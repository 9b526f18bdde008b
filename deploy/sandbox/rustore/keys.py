"""What RuStore's console gives out, and the sandbox accepts."""

import secrets
from collections.abc import Mapping
from typing import Any

from deploy.sandbox.keys import PROJECT_ID, Frozen, Secret, Start


class RustoreCredentials(Frozen):
    project_id: str
    service_token: str


class UniversalProvider(Frozen):
    """One entry of `providers` in the body of a RuStore universal send."""

    project_id: str
    auth_token: str


def _universal(made: Mapping[str, Any], _: Start) -> dict[str, UniversalProvider]:
    own: RustoreCredentials = made["rustore"]
    others = {
        provider: UniversalProvider(project_id=f"{PROJECT_ID}-{provider}", auth_token=secrets.token_urlsafe(48))
        for provider in ("fcm", "hms", "apns")
    }
    return {"rustore": UniversalProvider(project_id=own.project_id, auth_token=own.service_token), **others}


SECRET = Secret(
    RustoreCredentials,
    lambda made, start: RustoreCredentials(
        project_id=secrets.token_urlsafe(16), service_token=secrets.token_urlsafe(48)
    ),
)
UNIVERSAL_SECRET = Secret(dict[str, UniversalProvider], _universal)
"""By carrier: rustore, fcm, hms, apns."""
