"""A phone with the SDK in an app: it is installed, gets a token, is logged in, and shows what is pushed to it.

    push ─▶ a withdrawal?   ─▶ withdrawn      (what is shown under its delivery id goes, and is not shown later either)
         ─▶ seen before? ─yes─▶ repeated      (the same delivery id: shown once)
             └▶ somebody else's? ─▶ foreign    (the mark is not the one that personalize answered)
                 └▶ forbidden by the system? ─▶ silenced
                     └▶ shown ─▶ delivered at once ─▶ read, dismissed or clicked after a while, or nothing
                          └ more to fetch ─▶ enriched   what was shown is replaced by the whole
                                          └▶ fallback   it could not be fetched, so what was shown stays

Thousands of these live in one process: a device has no task and no connection of its own, `fleet.py` has them.
"""

import secrets
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from deploy.sandbox.phone.activities import Activities
from deploy.sandbox.phone.activities import Carrier as ActivityCarrier
from deploy.sandbox.phone.backend import Backend
from deploy.sandbox.phone.hpke import NotForUsError, opened_values, public_key_of
from deploy.sandbox.phone.kinds import PROVIDERS, phone_of
from deploy.sandbox.phone.kinds import Platform as Platform
from deploy.sandbox.phone.sdk_api import DeviceApi, Installation
from deploy.sandbox.phone.sdk_push import Push, UnreadablePushError, at_first, from_history, whole, with_values
from deploy.sandbox.web_push.browser import CannotOpenError, Keys, opened

What = Literal[
    "held",
    "shown",
    "repeated",
    "foreign",
    "silenced",
    "delivered",
    "read",
    "dismissed",
    "clicked",
    "enriched",
    "fallback",
    "withdrawn",
]
REMEMBERED = 500
"""Delivery ids and shown pushes that a phone keeps."""


@dataclass(frozen=True)
class Habits:
    """What the phone and the person who holds it do. Seconds count from the moment a push is shown."""

    then: Literal["read", "dismissed", "clicked"] | None = "read"  # None: never looks at it
    after_s: float = 0.3
    action: str | None = None  # of the button, with "clicked"; None: the first one
    delivered_after_s: float = 0.0  # a slow phone
    receipts_sent: int = 1  # 2: every receipt goes out twice
    allows_pushes: bool = True  # False: forbidden in the operating system
    pulls: bool = False  # True: reads its history whenever the app starts
    fetches: bool = True  # False: nothing can be fetched (no network for the app)


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened on a device at `at_ms` (epoch milliseconds)."""

    device: "Device"
    what: What
    push: Push
    at_ms: int
    detail: str = ""  # the button's action, with "clicked"


class Carrier(ActivityCarrier, Protocol):
    """What a device stands on (`fleet.Fleet`)."""

    @property
    def api(self) -> DeviceApi: ...
    @property
    def backend(self) -> Backend | None:
        """Of the app's owner: what proves logins."""

    def hear(self, happening: Happening) -> None: ...
    def post(self, device: "Device") -> None:
        """The outbox has something."""

    def fetch(self, device: "Device", push: Push) -> None:
        """Get the whole of it; ends in `device.fetched`."""

    def moved(self, device: "Device", old_token: str) -> None:
        """From now on its pushes come to its new token."""

    async def subscribe(self) -> tuple[str, str]:
        """A new Web Push subscription of the application: its id, and its endpoint."""

    def later(self, delay_s: float, callback: Callable[[], None]) -> None: ...


@dataclass(eq=False)
class Device:
    """Made by `Fleet.device`."""

    platform: Platform
    carrier: Carrier = field(repr=False)
    habits: Habits = Habits()
    app_version: str = "1.0.0"
    time_zone: str = "Europe/Moscow"
    name: str = ""
    bundle: str | None = None
    environment: Literal["production", "sandbox"] = "production"
    variant: Literal["native", "universal"] | None = "native"  # RuStore; None: the app leaves it to the platform
    token_of: str = "rustore"  # RuStore universal: whose token the SDK has got
    proof: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    device_id: str = ""  # of the phone, over reinstalls; empty: one of its own
    private_key: EllipticCurvePrivateKey | None = field(default=None, repr=False)  # SECURE values come sealed to it
    token: str = field(default="", repr=False)
    keys: Keys = field(default_factory=Keys, repr=False)  # of a browser's subscription
    mark: str = ""
    view: dict[str, Any] = field(default_factory=dict, repr=False)  # the installation as the platform answered it last
    who: Installation = field(default_factory=lambda: Installation(str(uuid.uuid4()), ""), repr=False)
    is_online: bool = True
    shown: deque[Push] = field(default_factory=lambda: deque(maxlen=REMEMBERED), repr=False)
    inbox: list[Push] = field(default_factory=list, repr=False)
    outbox: list[dict[str, Any]] = field(default_factory=list, repr=False)
    _seen: dict[str, None] = field(default_factory=dict, repr=False)
    _withdrawn: set[str] = field(default_factory=set, repr=False)
    _waiting: list[Push] = field(default_factory=list, repr=False)

    @cached_property
    def activities(self) -> Activities:
        """What its lock screen shows besides notifications."""
        return Activities(self, self.carrier)

    @property
    def provider(self) -> str:
        return PROVIDERS[self.platform]

    @property
    def arrives_at(self) -> str:
        """The inbox of the sandbox in which its pushes arrive."""
        return self.token_of if self.platform == "rustore" else self.provider

    @property
    def installation_id(self) -> str:
        return self.who.installation_id

    @property
    def has_waiting(self) -> bool:
        """While it is offline: something has come."""
        return bool(self._waiting)

    async def install(self) -> None:
        """First start of the app; again: the same installation says what it is now."""
        body = {
            "installationId": self.installation_id,
            "proof": self.proof,
            "deviceId": self.device_id or self.proof[:12],
            "platform": self.platform,
            "appVersion": self.app_version,
            "osVersion": "17.0",
            "model": phone_of(self.platform).model,
            "locale": "en",
            "timeZone": self.time_zone,
        }
        if self.private_key is not None:
            body["publicKey"] = public_key_of(self.private_key)
        self.who, view = await self.carrier.api.install(body)
        self._learn(view)

    async def register_token(self, token: str | None = None) -> None:
        """Hand the token of the provider to the platform; without one, the provider has given a new one."""
        old, body = self.token, dict[str, Any](provider=self.provider)
        if self.platform == "web":
            self.token, endpoint = await self.carrier.subscribe()
            body |= {"subscription": {"endpoint": endpoint, "expirationTime": None, "keys": self.keys.described()}}
        else:
            self.token = token or phone_of(self.platform).new_token()
            body |= {"token": self.token}
        self.carrier.moved(self, old)
        if self.platform == "ios":
            body |= {"environment": self.environment} | ({"bundle": self.bundle} if self.bundle else {})
        elif self.platform == "rustore":
            body |= {"variant": self.variant} if self.variant else {}
            body |= {"carrier": self.token_of} if self.token_of != "rustore" else {}
        self._learn(await self.carrier.api.register_token(self.who, body))

    async def personalize(
        self, external_user_id: str | None = None, phone: str | None = None, *, proved: bool = True
    ) -> None:
        """The user logs in; the app brings the backend's proof, where there is one to ask for it."""
        body = {"externalUserId": external_user_id, "phone": phone}
        if proved and self.carrier.backend is not None:
            body["proof"] = self.carrier.backend.proof(self.installation_id, external_user_id, phone)
        self._learn(await self.carrier.api.personalize(self.who, {key: value for key, value in body.items() if value}))

    async def depersonalize(self) -> None:
        """The user logs out."""
        self._learn(await self.carrier.api.depersonalize(self.who))

    async def change_settings(self, **settings: object) -> None:
        """In the API's names: primary, pushEnabled, pushOsEnabled, subscriptions."""
        self._learn(await self.carrier.api.change_settings(self.who, settings))

    async def start_session(self, *, primary: bool = False) -> None:
        """The app is opened."""
        body = {"sessionId": str(uuid.uuid4()), "appVersion": self.app_version, "primary": primary}
        self._learn(await self.carrier.api.start_session(self.who, body))
        if self.habits.pulls:
            await self.pull()

    async def pull(self) -> list[Push]:
        """Read the whole in-app history of the owner, the newest first; also kept in `inbox`."""
        pages, cursor = [], ""
        while True:
            page = await self.carrier.api.history(self.who, limit=100, **({"cursor": cursor} if cursor else {}))
            pages += page["entries"]
            cursor = page["cursor"]
            if not cursor:
                break
        self.inbox = [from_history(entry) for entry in pages]
        return self.inbox

    async def refresh(self) -> None:
        """Read back what the platform knows of this installation into `view`."""
        self._learn(await self.carrier.api.read(self.who))

    def go_offline(self) -> None:
        """Nothing reaches the phone; the provider keeps it."""
        self.is_online = False

    def go_online(self) -> None:
        """What the provider kept arrives."""
        self.is_online = True
        waiting, self._waiting = self._waiting, []
        for push in waiting:
            self.take(push)

    def opened(self, payload: dict[str, Any]) -> dict[str, Any]:
        """What the app gets of a payload: only a browser's is encrypted. Raises UnreadablePushError."""
        if self.variant == "universal" and "providers" not in payload:
            raise UnreadablePushError("rustore: the universal SDK drops native messages in silence")
        if self.platform != "web":
            return payload
        try:
            return opened(self.keys, payload)
        except CannotOpenError as error:
            raise UnreadablePushError(f"web: {error}") from error

    def take(self, push: Push) -> None:
        """A push has come."""
        if not self.is_online:
            self._waiting.append(push)
            self._notify("held", push)
            return
        if push.withdraw:
            self._withdraw(push)
            return
        what = self._judge(push)
        push = at_first(self._opened(push))
        self._notify(what, push)
        if what == "shown":
            self.shown.append(push)
            if push.more:
                self._fetch(push)
            self._after(self.habits.delivered_after_s, lambda: self.report("delivered", push))
            if self.habits.then is not None:
                self._after(self.habits.after_s, lambda: self._react(push))

    def _withdraw(self, push: Push) -> None:
        self._remember(push.delivery_id)
        self._withdrawn.add(push.delivery_id)
        stale = [shown for shown in self.shown if shown.delivery_id == push.delivery_id]
        for shown in stale:
            self.shown.remove(shown)
        self._notify("withdrawn", stale[0] if stale else push)

    def fetched(self, push: Push, answer: dict[str, Any] | None) -> None:
        """What the content route answered for a push with `more`; None: it could not be had."""
        if answer is None:
            self._notify("fallback", push)
            return
        better = whole(push, answer)
        for place, shown in enumerate(self.shown):
            if shown.delivery_id == push.delivery_id:
                self.shown[place] = better
        self._notify("enriched", better)

    def report(self, kind: What, push: Push, action: str | None = None) -> None:
        """Put a receipt into the outbox."""
        receipt: dict[str, Any] = {
            "messageId": push.message_id,
            "deliveryId": push.delivery_id,
            "link": push.link,
            "bulk": push.bulk,
            "kind": kind,
            "happenedAt": now_ms(),
        }
        if action is not None:
            receipt["action"] = action
        self.outbox.extend([receipt] * self.habits.receipts_sent)
        self._notify(kind, push, action or "")
        self.carrier.post(self)

    def _fetch(self, push: Push) -> None:
        if self.habits.fetches:
            self.carrier.fetch(self, push)
        else:
            self.fetched(push, None)

    def _opened(self, push: Push) -> Push:
        """With the values that were sealed to this phone; what it cannot open it fetches."""
        if push.sealed is None:
            return push
        try:
            if self.private_key is not None:
                return with_values(push, opened_values(self.private_key, push.sealed, push.delivery_id))
        except NotForUsError:
            pass  # sealed to a key that this phone no longer has
        return replace(push, more=True)

    def _judge(self, push: Push) -> What:
        if push.delivery_id in self._seen:
            return "repeated"
        if push.mark and push.mark != self.mark:
            return "foreign"
        if not self.habits.allows_pushes:
            return "silenced"
        self._remember(push.delivery_id)
        return "shown"

    def _remember(self, delivery_id: str) -> None:
        self._seen[delivery_id] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def _react(self, push: Push) -> None:
        if push.delivery_id in self._withdrawn:
            return
        if self.habits.then == "clicked":
            action = self.habits.action or (push.actions[0].action if push.actions else "open-app")
            self.report("clicked", push, action)
        elif self.habits.then is not None:
            self.report(self.habits.then, push)

    def _after(self, delay_s: float, callback: Callable[[], None]) -> None:
        if delay_s > 0:
            self.carrier.later(delay_s, callback)
        else:
            callback()

    def _notify(self, what: What, push: Push, detail: str = "") -> None:
        self.carrier.hear(Happening(self, what, push, now_ms(), detail))

    def _learn(self, view: dict[str, Any]) -> None:
        self.view = view
        self.mark = view.get("recipientMark") or ""


def now_ms() -> int:
    return time.time_ns() // 1_000_000
