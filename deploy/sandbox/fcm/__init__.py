"""The FCM of the sandbox."""

import secrets

from deploy.sandbox.phone.payloads import data_message
from deploy.sandbox.provider import Phone, Provider


def _new_token() -> str:
    return f"{secrets.token_urlsafe(16)}:APA91b{secrets.token_urlsafe(96)}"


PROVIDER = Provider(
    "fcm",
    parts=("fcm",),
    phone=Phone(
        "android",
        "Android phone",
        data_message,
        _new_token,
    ),
    switches={
        "fcm.details": ("full", "bare"),  # bare: a 400 comes without error.details
        "fcm.token_lifetime_s": ("3600", "*"),
        "fcm.wrong_project": ("403", "404"),
    },
)
