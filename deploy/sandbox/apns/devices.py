"""What APNs knows about device tokens: any hex token is a live device until something else is said here."""

from dataclasses import dataclass, field
from typing import Literal

from deploy.sandbox.apns.reasons import RefusedError
from deploy.sandbox.inbox import Received

_NEVER_S = 2**40


@dataclass(slots=True)
class _Device:
    dead_reason: Literal["Unregistered", "ExpiredToken"] | None = None
    dead_since_ms: int = 0
    bad: bool = False
    bundle_id: str | None = None
    """None = pushes for any app of the team are accepted"""
    offline: bool = False
    stored: dict[str, Received] = field(default_factory=dict)
    """by bundle id: APNs keeps one notification of each app, the newest"""


class Devices:
    """The devices of one APNs environment; tokens may be given in either case."""

    def __init__(self) -> None:
        self._devices: dict[str, _Device] = {}

    def mark_dead(
        self,
        token: str,
        since_ms: int,
        reason: Literal["Unregistered", "ExpiredToken"] = "Unregistered",
    ) -> None:
        """Answer 410 with `since_ms` (epoch milliseconds) as its timestamp."""
        device = self._device(token)
        device.dead_reason, device.dead_since_ms = reason, since_ms

    def mark_bad(self, token: str) -> None:
        """Answer BadDeviceToken, as for a token of the other environment."""
        self._device(token).bad = True

    def assign(self, token: str, bundle_id: str) -> None:
        """The token belongs to this app; topics of others get DeviceTokenNotForTopic."""
        self._device(token).bundle_id = bundle_id

    def go_offline(self, token: str) -> None:
        """Accept pushes but keep them back until `go_online`."""
        self._device(token).offline = True

    def go_online(self, token: str, now_s: float) -> list[Received]:
        """What is delivered now: the newest push of each app that has not expired."""
        device = self._device(token)
        stored, device.stored, device.offline = list(device.stored.values()), {}, False
        return [push for push in stored if int(push.headers.get("apns-expiration", _NEVER_S)) >= now_s]

    def forget(self, token: str | None = None) -> None:
        """The token, or every token, is an ordinary live device again."""
        if token is None:
            self._devices.clear()
        else:
            self._devices.pop(token.lower(), None)

    def check(self, token: str, bundle_id: str) -> None:
        """RefusedError when the device cannot get a push for this app."""
        device = self._devices.get(token)
        if device is None:
            return
        if device.bad:
            raise RefusedError("BadDeviceToken", "the token is not of this environment")
        if device.dead_reason is not None:
            raise RefusedError(device.dead_reason, "the device is gone", device.dead_since_ms)
        if device.bundle_id not in (None, bundle_id):
            raise RefusedError("DeviceTokenNotForTopic", "the token belongs to another app")

    def is_offline(self, token: str) -> bool:
        device = self._devices.get(token)
        return device is not None and device.offline

    def store(self, push: Received, bundle_id: str) -> None:
        """Keep a push for an offline device; with expiration 0 it is dropped, as Apple documents."""
        if push.headers.get("apns-expiration") != "0":
            self._device(push.token).stored[bundle_id] = push

    def _device(self, token: str) -> _Device:
        return self._devices.setdefault(token.lower(), _Device())
