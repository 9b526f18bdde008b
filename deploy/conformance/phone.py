"""The sandbox's phone as an adapter: a line of JSON in, a line of JSON out. `python -m deploy.conformance.phone`.

It stands on the code that plays phones in the demo and in the tests; only the platform is played here.
"""

import base64
import json
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key

from deploy.sandbox.phone.device import Device, Habits, Happening
from deploy.sandbox.phone.hpke import NotForUsError, opened_values
from deploy.sandbox.phone.sdk_api import DeviceApi, RefusedError
from deploy.sandbox.phone.sdk_push import Push, read_push

Json = dict[str, Any]
GONE = ("read", "dismissed", "clicked")
"""A touch that takes the notification off the screen."""


class Platform:
    """What a device stands on: receipts are answered at once, the whole of a message when a step says so."""

    def __init__(self) -> None:
        self.api, self.backend = DeviceApi("http://localhost", "key"), None
        self.status = 200
        self.taken: list[Json] = []
        self.asked: dict[str, Push] = {}

    def hear(self, happening: Happening) -> None:
        """Nobody looks on."""

    def post(self, device: Device) -> None:
        batch, device.outbox[:] = list(device.outbox), []
        if self.status == 200:
            self.taken += batch
        elif RefusedError(self.status, "").is_passing:
            device.outbox += batch

    def fetch(self, device: Device, push: Push) -> None:
        self.asked[push.message_id] = push

    def later(self, delay_s: float, callback: Callable[[], None]) -> None:
        raise AssertionError("nobody touches anything by themselves here")

    def moved(self, device: Device, old_token: str) -> None:
        raise AssertionError("no token changes here")

    async def subscribe(self) -> tuple[str, str]:
        raise AssertionError("nothing subscribes here")

    def route(self, token: str, activities: object) -> None:
        raise AssertionError("no Live Activities here")

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        raise AssertionError("nothing runs beside the steps")

    def changed(self) -> None:
        """Nobody waits."""


def answered(case: Json) -> Json:
    """The answer to one case."""
    if "open" in case:
        return _opened(case["open"])
    if "read" in case:
        push = read_push(case["read"]["provider"], case["read"]["payload"])
        return {"delivery": push.delivery_id, "title": push.title, "body": push.text}
    return _played(case)


def _opened(asked: Json) -> Json:
    try:
        return {"values": opened_values(_key(asked["privateKey"]), asked["sealed"], asked["delivery"])}
    except NotForUsError:
        return {"values": None}


def _played(case: Json) -> Json:
    platform = Platform()
    key = _key(case["privateKey"]) if case["privateKey"] is not None else None
    device = Device("web", platform, Habits(None), private_key=key, mark=case["mark"])
    for step in case["steps"]:
        ((kind, value),) = step.items()
        _STEPS[kind](device, platform, value)
    screen = [{"delivery": push.delivery_id, "title": push.title, "body": push.text} for push in device.shown]
    return {"screen": screen, "receipts": platform.taken, "kept": len(device.outbox)}


def _push(device: Device, _: Platform, payload: Json) -> None:
    device.take(read_push("web", payload))


def _answer(device: Device, platform: Platform, answer: Json) -> None:
    push = platform.asked.pop(answer["messageId"])
    device.fetched(push, answer["body"] if answer["status"] == 200 else None)


def _touch(device: Device, _: Platform, touch: Json) -> None:
    push = next(shown for shown in device.shown if shown.delivery_id == touch["delivery"])
    device.shown.remove(push)
    device.report(touch["kind"], push, touch.get("action"))


def _mark(device: Device, _: Platform, mark: str) -> None:
    device.mark = mark


def _receipts(_: Device, platform: Platform, status: int) -> None:
    platform.status = status


_STEPS: dict[str, Callable[[Device, Platform, Any], None]] = {
    "push": _push,
    "answer": _answer,
    "touch": _touch,
    "mark": _mark,
    "receipts": _receipts,
}


def _key(jwk: Json) -> EllipticCurvePrivateKey:
    number = base64.urlsafe_b64decode(jwk["d"] + "=")
    return derive_private_key(int.from_bytes(number, "big"), SECP256R1())


def main() -> NoReturn:
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answered(json.loads(line))) + "\n")
        sys.stdout.flush()
    sys.exit(0)


if __name__ == "__main__":
    main()
