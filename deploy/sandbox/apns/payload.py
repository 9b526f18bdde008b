"""What a payload must look like (`docs/providers.md` §1.5, §1.6): types of the `aps` keys, how they combine.

Apple's service lets most mistakes pass and the device drops the notification in silence. A test bench that
did the same would hide them, so here they are refused; the switch `apns.payload` = `accept` brings the
silence back.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from deploy.sandbox.apns.reasons import RefusedError

Check = Callable[[Any], bool]


def _text(value: object) -> bool:
    return isinstance(value, str)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _epoch_s(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _one(value: object) -> bool:
    return type(value) is int and value == 1


def _object(value: object) -> bool:
    return isinstance(value, dict)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _level(value: object) -> bool:
    return value in ("passive", "active", "time-sensitive", "critical")


def _badge(value: Any) -> bool:
    return _number(value) and value >= 0


def _sound(value: Any) -> bool:
    if not isinstance(value, dict):
        return isinstance(value, str)
    volume = value.get("volume", 1.0)
    return (
        value.keys() <= {"critical", "name", "volume"}
        and _text(value.get("name"))
        and value.get("critical", 0) in (0, 1)
        and _number(volume)
        and 0 <= volume <= 1
    )


# Beyond the page's list: keys of older pages that clients still send and devices still read.
_ALERT: dict[str, Check] = {
    **dict.fromkeys(("title", "subtitle", "body", "launch-image"), _text),
    **dict.fromkeys(("title-loc-key", "subtitle-loc-key", "loc-key", "action-loc-key", "summary-arg"), _text),
    **dict.fromkeys(("title-loc-args", "subtitle-loc-args", "loc-args"), _texts),
    "summary-arg-count": _number,
}


def _alert(value: Any) -> bool:
    if not isinstance(value, dict):
        return isinstance(value, str)
    for key, item in value.items():
        check = _ALERT.get(key)
        if check is None or not check(item):
            return False
    return True


def _localized(value: Any) -> bool:
    if not isinstance(value, dict):
        return isinstance(value, str)
    return value.keys() <= {"loc-key", "loc-args"} and _text(value.get("loc-key")) and _texts(value.get("loc-args", []))


def _live_alert(value: Any) -> bool:
    """An activity's alert: title and body may be localized by an object, and the sound sits inside."""
    if not isinstance(value, dict):
        return False
    checks = {**_ALERT, "title": _localized, "body": _localized, "sound": _sound}
    return all(key in checks and checks[key](item) for key, item in value.items())


_APS: dict[str, Check] = {
    "alert": _alert,
    "badge": _badge,
    "sound": _sound,
    **dict.fromkeys(("thread-id", "category", "target-content-id", "filter-criteria"), _text),
    "content-available": _one,
    "mutable-content": _one,
    "interruption-level": _level,
    "relevance-score": lambda value: _number(value) and 0 <= value <= 1,
}
_LIVE_ONLY: dict[str, Check] = {
    "timestamp": _epoch_s,
    "event": lambda value: value in ("start", "update", "end"),
    "content-state": _object,
    "stale-date": _epoch_s,
    "dismissal-date": _epoch_s,
    "attributes-type": _text,
    "attributes": _object,
    "input-push-token": _one,
    "input-push-channel": _text,
}
_LIVE_APS: dict[str, Check] = {**_APS, **_LIVE_ONLY, "alert": _live_alert, "relevance-score": _number}
_LIVE_REQUIRED: dict[str, tuple[str, ...]] = {
    "start": ("content-state", "attributes-type", "attributes", "alert"),
    "update": ("content-state",),
    "end": (),
}
_START_ONLY = ("attributes-type", "attributes", "input-push-token", "input-push-channel")
_SHOWN = frozenset(("alert", "badge", "sound"))


def parsed(body: bytes) -> object:
    """The JSON of a body; RefusedError("BadRequestPayload") when it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RefusedError("BadRequestPayload", "the body is not JSON") from None


def check_payload(payload: object, push_type: str) -> None:
    """RefusedError("BadRequestPayload") with the key that is wrong."""
    if not isinstance(payload, dict):
        raise _wrong("the payload must be a JSON object")
    aps = payload.get("aps")
    if aps is None and "aps" not in payload and push_type not in ("alert", "background", "liveactivity"):
        return
    if not isinstance(aps, dict):
        raise _wrong("aps must be an object")
    checks = _LIVE_APS if push_type == "liveactivity" else _APS
    for key, value in aps.items():
        check = checks.get(key)
        if check is not None:
            if not check(value):
                raise _wrong(f"aps.{key} has a wrong type or value")
        elif key in _LIVE_ONLY:
            raise _wrong(f"aps.{key} is for live activities only")
    if push_type == "liveactivity":
        _check_live(aps)
    else:
        _check_together(aps, push_type)


def _check_together(aps: Mapping[str, object], push_type: str) -> None:
    if push_type == "background":
        if "content-available" not in aps:
            raise _wrong("a background push needs aps.content-available = 1")
        if not _SHOWN.isdisjoint(aps):
            raise _wrong("a background push must not have aps.alert, aps.badge or aps.sound")
    elif push_type == "alert" and _SHOWN.isdisjoint(aps):
        raise _wrong("an alert push needs aps.alert, aps.badge or aps.sound")
    if "mutable-content" in aps and "alert" not in aps:
        raise _wrong("aps.mutable-content needs aps.alert")


def _check_live(aps: Mapping[str, object]) -> None:
    for key in ("timestamp", "event"):
        if key not in aps:
            raise _wrong(f"aps.{key} is required")
    event = str(aps["event"])
    for key in _LIVE_REQUIRED[event]:
        if key not in aps:
            raise _wrong(f"aps.{key} is required for event {event}")
    if event != "start":
        for key in _START_ONLY:
            if key in aps:
                raise _wrong(f"aps.{key} is for event start only")
    if "dismissal-date" in aps and event != "end":
        raise _wrong("aps.dismissal-date is for event end only")


def _wrong(detail: str) -> RefusedError:
    return RefusedError("BadRequestPayload", detail)
