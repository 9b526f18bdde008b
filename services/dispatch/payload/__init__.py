"""What a push carries, fitted into the size that a provider takes.

`envelope.py` is the SDK's part, `notification.py` what the system shows while the SDK does not run, `fit.py` what is
left out when both are too large, `secure_values_for_device.py` what only one device can open.
"""

from services.dispatch.payload.envelope import SDK_KEY, Shown, envelope, shown_of
from services.dispatch.payload.fit import TooLarge, fit
from services.dispatch.payload.notification import fitted, image_url, is_silent, masked, sdk_part, seconds_left
from services.dispatch.payload.secure_values_for_device import DeviceSecureValues

__all__ = [
    "SDK_KEY",
    "DeviceSecureValues",
    "Shown",
    "TooLarge",
    "envelope",
    "fit",
    "fitted",
    "image_url",
    "is_silent",
    "masked",
    "sdk_part",
    "seconds_left",
    "shown_of",
]
