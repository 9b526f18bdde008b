"""The push service for browsers of the sandbox."""

from deploy.sandbox.phone.payloads import decrypted
from deploy.sandbox.provider import Phone, Provider

PROVIDER = Provider(
    "web",
    parts=("web",),
    phone=Phone("web", "Browser", decrypted),
    switches={
        "web.accepted": ("201", "202", "200"),
        "web.errors": ("mozilla", "apple"),
        "web.subjects": ("apple", "any"),  # apple: only those that Apple takes
        "web.max_ttl_s": ("2592000", "*"),  # a longer one is shortened
    },
)
