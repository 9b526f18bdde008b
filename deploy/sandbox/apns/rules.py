"""What APNs asks of a request's headers and path (`docs/providers.md` §1.3, §1.4); no I/O, no state.

The order of checks is that of pushy's mock server, since Apple does not publish its own (§1.9).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.sandbox.apns.reasons import RefusedError

DEVICE_PATH = b"/3/device/"
PAYLOAD_LIMIT_BYTES = 4096
VOIP_LIMIT_BYTES = 5120
COLLAPSE_ID_LIMIT_BYTES = 64

_ANY_PRIORITY = frozenset((b"10", b"5", b"1"))
_APNS_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TOPIC = re.compile(rb"[A-Za-z0-9][A-Za-z0-9.-]{0,254}")
_EPOCH_SECONDS = re.compile(rb"[0-9]{1,12}")
_HEX = re.compile(rb"[0-9a-fA-F]{1,200}")


@dataclass(frozen=True, slots=True)
class PushType:
    """The rules of one `apns-push-type`."""

    name: str
    suffix: bytes = b""
    """what the topic has behind the bundle id"""
    priorities: frozenset[bytes] = _ANY_PRIORITY
    limit_bytes: int = PAYLOAD_LIMIT_BYTES


PUSH_TYPES: dict[bytes, PushType] = {
    rule.name.encode(): rule
    for rule in (
        PushType("alert"),
        PushType("background", priorities=frozenset((b"5",))),
        PushType("liveactivity", b".push-type.liveactivity", frozenset((b"10", b"5"))),
        PushType("voip", b".voip", limit_bytes=VOIP_LIMIT_BYTES),
        PushType("pushtotalk", b".voip-ptt"),
        PushType("complication", b".complication"),
        PushType("fileprovider", b".pushkit.fileprovider"),
        PushType("location", b".location-query"),
        PushType("controls", b".push-type.controls"),
        PushType("widgets", b".push-type.widgets"),
        PushType("mdm"),
        PushType("accessory", b".push-type.accessory"),
    )
}
# Without the header APNs takes the push for an alert; no suffix is asked for then.
_UNSTATED = PushType("alert")


@dataclass(frozen=True, slots=True)
class Kind:
    """What the headers make of a push: the rule of its type and the app that it is for."""

    rule: PushType
    bundle_id: str


# A client sends few combinations of the headers that are the same for every device: each is judged once.
_KNOWN_KINDS: dict[tuple[bytes | None, ...], Kind] = {}
_KNOWN_KINDS_MAX = 10_000


def check_headers(headers: Mapping[bytes, bytes], push_type_required: bool) -> Kind:
    """RefusedError when a header breaks a rule."""
    same_for_many = (
        headers.get(b":method"),
        headers.get(b"apns-topic"),
        headers.get(b"apns-priority"),
        headers.get(b"apns-push-type", b"" if push_type_required else None),
    )
    kind = _KNOWN_KINDS.get(same_for_many)
    if kind is not None:
        _check_apns_id(headers)
        _check_collapse_id_and_expiration(headers)
        return kind
    kind = _check_in_order(headers, push_type_required)
    if len(_KNOWN_KINDS) >= _KNOWN_KINDS_MAX:
        _KNOWN_KINDS.clear()
    _KNOWN_KINDS[same_for_many] = kind
    return kind


def _check_in_order(headers: Mapping[bytes, bytes], push_type_required: bool) -> Kind:
    _check_apns_id(headers)
    if headers.get(b":method") != b"POST":
        raise RefusedError("MethodNotAllowed", "only POST")
    topic = headers.get(b"apns-topic")
    if not topic:
        raise RefusedError("MissingTopic", "apns-topic is required with token authentication")
    if _TOPIC.fullmatch(topic) is None:
        raise RefusedError("BadTopic", "apns-topic must be a bundle id: letters, digits, hyphens, periods")
    _check_collapse_id_and_expiration(headers)
    priority = headers.get(b"apns-priority", b"10")
    if priority not in _ANY_PRIORITY:
        raise RefusedError("BadPriority", "apns-priority must be 10, 5 or 1")
    rule = _check_push_type(headers.get(b"apns-push-type"), topic, priority, push_type_required)
    return Kind(rule, topic.removesuffix(rule.suffix).decode())


def _check_apns_id(headers: Mapping[bytes, bytes]) -> None:
    apns_id = headers.get(b"apns-id")
    if apns_id is not None and _APNS_ID.fullmatch(apns_id) is None:
        raise RefusedError("BadMessageId", "apns-id must be a lower-case UUID, 8-4-4-4-12")


def _check_collapse_id_and_expiration(headers: Mapping[bytes, bytes]) -> None:
    collapse_id = headers.get(b"apns-collapse-id")
    if collapse_id is not None and len(collapse_id) > COLLAPSE_ID_LIMIT_BYTES:
        raise RefusedError("BadCollapseId", f"apns-collapse-id is over {COLLAPSE_ID_LIMIT_BYTES} bytes")
    expiration = headers.get(b"apns-expiration")
    if expiration is not None and _EPOCH_SECONDS.fullmatch(expiration) is None:
        raise RefusedError("BadExpirationDate", "apns-expiration must be epoch seconds")


def _check_push_type(stated: bytes | None, topic: bytes, priority: bytes, required: bool) -> PushType:
    if stated is None:
        if required:
            raise RefusedError("InvalidPushType", "apns-push-type is missing")
        return _UNSTATED
    rule = PUSH_TYPES.get(stated)
    if rule is None:
        raise RefusedError("InvalidPushType", f"apns-push-type must be one of {', '.join(known_push_types())}")
    if priority not in rule.priorities:
        allowed = " or ".join(sorted(p.decode() for p in rule.priorities))
        raise RefusedError("BadPriority", f"apns-priority of {rule.name} must be {allowed}")
    if not topic.endswith(rule.suffix) or topic == rule.suffix:
        raise RefusedError("BadTopic", f"apns-topic of {rule.name} must end in {rule.suffix.decode()}")
    return rule


def known_push_types() -> list[str]:
    return [name.decode() for name in PUSH_TYPES]


def device_token(path: bytes) -> str:
    """The token that the path names, in lower case; RefusedError when it names none."""
    if not path.startswith(DEVICE_PATH):
        raise RefusedError("BadPath", "the path must be /3/device/{token}")
    token = path[len(DEVICE_PATH) :]
    if not token:
        raise RefusedError("MissingDeviceToken", "the path ends before the token")
    if len(token) % 2 or _HEX.fullmatch(token) is None:
        raise RefusedError("BadDeviceToken", "a device token is an even number of hex digits")
    return token.lower().decode()


def check_size(body: bytes, rule: PushType) -> None:
    if not body:
        raise RefusedError("PayloadEmpty", "the request has no body")
    if len(body) > rule.limit_bytes:
        raise RefusedError("PayloadTooLarge", f"a payload of {rule.name} may have {rule.limit_bytes} bytes")
