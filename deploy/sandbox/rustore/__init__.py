"""The RuStore of the sandbox."""

from deploy.sandbox.phone.payloads import data_message
from deploy.sandbox.provider import Phone, Provider

PROVIDER = Provider(
    "rustore",
    parts=("rustore", "rustore_universal"),
    phone=Phone("rustore", "RuStore phone", data_message),
    switches={
        "rustore.errors": ("nested", "flat"),
        "rustore.success": ("empty", "{}"),
        "rustore.status_key": ("Status", "status"),
    },
)
