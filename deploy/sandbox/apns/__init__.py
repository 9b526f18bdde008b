"""The APNs of the sandbox."""

import secrets

from deploy.sandbox.phone.payloads import aps
from deploy.sandbox.provider import Phone, Provider

PROVIDER = Provider(
    "apns",
    parts=("apns", "apns_broadcast"),
    phone=Phone("ios", "iPhone", aps, lambda: secrets.token_hex(32)),
    switches={
        "apns.bad_environment_reason": ("BadEnvironmentKeyIdInToken", "BadEnvironmentKeyInToken"),
        "apns.first_stream_limit": ("1", "*"),  # concurrent streams until a provider token was accepted
        "apns.payload": ("strict", "accept"),  # accept: mistakes pass in silence, as they do at Apple's
        "apns.push_type": ("required", "optional"),
        "apns.retry_after_s": ("absent", "*"),  # Retry-After of 429 and 503
        "apns.stream_limit": ("1000", "*"),
        "apns.token_update_interval_s": ("1200", "*"),  # 0 = provider tokens may change at will
    },
)
