"""The Live Activities of one phone, as ActivityKit and the app's SDK play them together.

    push-to-start ─▶ a new activity ─▶ its update token goes to the platform, or it follows a channel
    update        ─▶ the state, unless its timestamp is older than the last that was applied
    end           ─▶ ended: shown until its dismissal date, at most 4 hours; a past one closes it at once
                     the SDK reports to the platform that it has ended

Times in payloads are epoch seconds. Source: `docs/providers.md` §1.10.
"""

import secrets
import time
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from deploy.sandbox.phone.sdk_api import DeviceApi, Installation

LONGEST_SHOWN_S = 4 * 3600


@dataclass(eq=False)
class Activity:
    """What the lock screen shows of it."""

    activity_id: str
    attributes_type: str
    attributes: dict[str, Any]
    state: dict[str, Any]
    token: str = field(default="", repr=False)  # empty: it follows a channel, or cannot be updated
    channel: str = ""
    phase: Literal["active", "ended", "dismissed"] = "active"
    timestamp: int = 0  # of what was applied last
    stale_at: int | None = None
    dismissed_at: int | None = None  # epoch seconds; of an ended one
    alerts: list[Any] = field(default_factory=list)
    ignored: int = 0  # pushes that were older than what is shown

    def apply(self, aps: dict[str, Any], now_s: float) -> bool:
        """An update or end. False: it is ignored."""
        if self.phase != "active" or aps["timestamp"] < self.timestamp:
            self.ignored += 1
            return False
        self.timestamp, self.stale_at = aps["timestamp"], aps.get("stale-date")
        self.state = aps.get("content-state", self.state)
        if "alert" in aps:
            self.alerts.append(aps["alert"])
        if aps["event"] == "end":
            self.dismissed_at = min(aps.get("dismissal-date", now_s + LONGEST_SHOWN_S), int(now_s + LONGEST_SHOWN_S))
            self.phase = "dismissed" if self.dismissed_at <= now_s else "ended"
        return True

    def is_shown(self, now_s: float) -> bool:
        """Whether the lock screen has it."""
        return self.phase == "active" or (self.phase == "ended" and now_s < (self.dismissed_at or 0))


class Owner(Protocol):
    """The phone (`device.Device`)."""

    @property
    def who(self) -> Installation: ...
    @property
    def bundle(self) -> str | None: ...
    @property
    def environment(self) -> str: ...


class Carrier(Protocol):
    """What activities stand on (`fleet.Fleet`)."""

    @property
    def api(self) -> DeviceApi: ...
    def route(self, token: str, activities: "Activities") -> None:
        """From now on pushes to this token (or channel) come to these."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside everything else; a failure is a fault of the fleet."""

    def changed(self) -> None:
        """Something changed: who waits looks again."""


class Activities:
    """The activities of one phone; `by_id` holds every activity that it ever had."""

    def __init__(self, owner: Owner, carrier: Carrier, *, tells_ends: bool = True) -> None:
        self.by_id: dict[str, Activity] = {}
        self.tells_ends = tells_ends
        self._owner, self._carrier = owner, carrier
        self._start_tokens: dict[str, str] = {}

    @property
    def active(self) -> list[Activity]:
        return [activity for activity in self.by_id.values() if activity.phase == "active"]

    async def allow_start(self, attributes_type: str) -> str:
        """Tell the platform the push-to-start token of a type."""
        token = secrets.token_hex(40)
        self._start_tokens[token] = attributes_type
        self._carrier.route(token, self)
        await self._carrier.api.put_start_token(self._owner.who, attributes_type, self._body(token))
        return token

    async def start(self, attributes_type: str, state: dict[str, Any], activity_id: str | None = None) -> Activity:
        """The app itself starts one and sends its update token to the platform."""
        made = self._made(activity_id or str(uuid.uuid4()), attributes_type, {}, state)
        await self.renew(made)
        return made

    async def renew(self, activity: Activity) -> None:
        """ActivityKit has given a new update token."""
        activity.token = secrets.token_hex(40)
        self._carrier.route(activity.token, self)
        body = self._body(activity.token) | {"attributesType": activity.attributes_type}
        await self._carrier.api.put_activity_token(self._owner.who, activity.activity_id, body)
        self._carrier.changed()

    def follow(self, attributes_type: str, state: dict[str, Any], channel: str) -> Activity:
        """The app itself starts one that follows a broadcast channel."""
        made = self._made(str(uuid.uuid4()), attributes_type, {}, state)
        self._join(made, channel)
        return made

    async def end(self, activity: Activity) -> None:
        """The app, or its user, ends it."""
        activity.phase = "dismissed"
        await self._carrier.api.delete_activity(self._owner.who, activity.activity_id)

    def take(self, token: str, payload: dict[str, Any]) -> None:
        """A push has come for one of the tokens, or on a channel."""
        aps = payload["aps"]
        if aps["event"] == "start":
            self._start(self._start_tokens[token], aps)
        for activity in [activity for activity in self.active if token in (activity.token, activity.channel)]:
            if activity.apply(aps, time.time()) and activity.phase != "active" and activity.token and self.tells_ends:
                self._carrier.spawn(self._report_end(activity))
        self._carrier.changed()

    def _start(self, attributes_type: str, aps: dict[str, Any]) -> None:
        made = self._made(str(uuid.uuid4()), attributes_type, aps["attributes"], aps["content-state"])
        made.timestamp, made.stale_at = aps["timestamp"], aps.get("stale-date")
        made.alerts.append(aps["alert"])
        if "input-push-channel" in aps:
            self._join(made, aps["input-push-channel"])
        else:
            self._carrier.spawn(self.renew(made))

    def _made(self, activity_id: str, attributes_type: str, attributes: Any, state: Any) -> Activity:
        made = self.by_id[activity_id] = Activity(activity_id, attributes_type, attributes, state)
        return made

    def _join(self, activity: Activity, channel: str) -> None:
        activity.channel = f"channel/{channel}"
        self._carrier.route(activity.channel, self)

    async def _report_end(self, activity: Activity) -> None:
        await self._carrier.api.delete_activity(self._owner.who, activity.activity_id)
        self._carrier.changed()

    def _body(self, token: str) -> dict[str, Any]:
        body = {"token": token, "environment": self._owner.environment}
        return body | ({"bundle": self._owner.bundle} if self._owner.bundle else {})
