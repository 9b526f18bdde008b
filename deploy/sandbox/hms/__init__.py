"""The HMS of the sandbox."""

from deploy.sandbox.phone.payloads import data_text
from deploy.sandbox.provider import Phone, Provider

PROVIDER = Provider(
    "hms",
    parts=("hms",),
    phone=Phone("huawei", "Huawei phone", data_text),
    switches={
        "hms.status": ("always-200", "documented"),
        "hms.token_lifetime_s": ("3600", "*"),
        "hms.token_throttle": ("off", "on"),
    },
)
