"""The broadcast channels that APNs knows, and the rules of requests about them (`docs/providers.md` §1.11). No I/O.

/1/apps/<bundle>/channels        POST create · GET read · DELETE delete
/1/apps/<bundle>/all-channels    GET list
/4/broadcasts/apps/<bundle>      POST send
"""

import base64
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from deploy.sandbox.apns.payload import check_payload, parsed
from deploy.sandbox.apns.reasons import RefusedError

LIMIT_BYTES = 5120
MAX_CHANNELS = 10_000
_MANAGED = re.compile(rb"/1/apps/([^/]+)/(channels|all-channels)")
_SENT = re.compile(rb"/4/broadcasts/apps/([^/]+)")
_UUID = re.compile(rb"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EPOCH_SECONDS = re.compile(rb"[0-9]{1,12}")
What = Literal["create", "read", "delete", "list", "send"]
_OPERATIONS: dict[tuple[bytes, bytes], What] = {
    (b"channels", b"POST"): "create",
    (b"channels", b"GET"): "read",
    (b"channels", b"DELETE"): "delete",
    (b"all-channels", b"GET"): "list",
}


class Operation(NamedTuple):
    """A request that broke no rule."""

    what: What
    bundle_id: str
    channel: str = ""
    body: Any = None


@dataclass
class Channels:
    """The channels of one environment: by bundle id, channel id to its storage policy."""

    by_app: dict[str, dict[str, int]] = field(default_factory=dict)

    def operation(self, headers: Mapping[bytes, bytes], body: bytes, topics: frozenset[str]) -> Operation:
        """RefusedError with the first rule that the request breaks; the provider token was accepted."""
        what, bundle_id = _what(headers)
        if bundle_id not in topics:
            raise RefusedError("TopicDisallowed", "the path takes the plain bundle id of an app of the team")
        request_id = headers.get(b"apns-request-id")
        if request_id is not None and _UUID.fullmatch(request_id) is None:
            raise RefusedError("BadMessageId", "apns-request-id must be a UUID")
        known = self.by_app.get(bundle_id, {})
        if what == "list":
            return Operation(what, bundle_id)
        if what == "create":
            if len(known) >= MAX_CHANNELS:
                raise RefusedError("CannotCreateChannelConfig", f"an app has at most {MAX_CHANNELS} channels")
            return Operation(what, bundle_id, body=_storage_policy_of(body))
        channel = _channel(headers)
        if channel not in known:
            if what == "delete":
                raise RefusedError("BadPath", "seen so of an unknown channel")
            raise RefusedError("ChannelNotRegistered", "there is no such channel")
        payload = _payload(headers, body, known[channel]) if what == "send" else None
        return Operation(what, bundle_id, channel, payload)

    def create(self, bundle_id: str, policy: int) -> str:
        """The id of a new channel."""
        made = base64.b64encode(secrets.token_bytes(16)).decode()
        self.by_app.setdefault(bundle_id, {})[made] = policy
        return made


def _what(headers: Mapping[bytes, bytes]) -> tuple[What, str]:
    path, method = headers[b":path"], headers.get(b":method", b"")
    managed, sent = _MANAGED.fullmatch(path), _SENT.fullmatch(path)
    if sent is not None:
        if method != b"POST":
            raise RefusedError("MethodNotAllowed", "only POST")
        return "send", sent[1].decode(errors="replace")
    if managed is None:
        raise RefusedError("BadPath", "no such path")
    what = _OPERATIONS.get((managed[2], method))
    if what is None:
        raise RefusedError("MethodNotAllowed", f"not for {managed[2].decode()}")
    return what, managed[1].decode(errors="replace")


def _channel(headers: Mapping[bytes, bytes]) -> str:
    given = headers.get(b"apns-channel-id")
    if not given:
        raise RefusedError("MissingChannelId", "apns-channel-id is required")
    try:
        base64.b64decode(given, validate=True)
    except ValueError:
        raise RefusedError("BadChannelId", "apns-channel-id must be base64") from None
    return given.decode()


def _storage_policy_of(body: bytes) -> int:
    if not body:
        raise RefusedError("PayloadEmpty", "the request has no body")
    asked = parsed(body)
    if not isinstance(asked, dict) or asked.get("push-type") != "LiveActivity":
        raise RefusedError("BadRequestPayload", "push-type must be LiveActivity")
    policy = asked.get("message-storage-policy")
    if type(policy) is not int or policy not in (0, 1):
        raise RefusedError("BadRequestPayload", "message-storage-policy must be 0 or 1")
    return policy


def _payload(headers: Mapping[bytes, bytes], body: bytes, policy: int) -> Any:
    if b"apns-topic" in headers:
        raise RefusedError("BadRequestParams", "a broadcast has no apns-topic")
    push_type = headers.get(b"apns-push-type")
    if push_type is None:
        raise RefusedError("MissingPushType", "apns-push-type is required")
    if push_type.lower() != b"liveactivity":
        raise RefusedError("InvalidPushType", "apns-push-type must be liveactivity")
    if headers.get(b"apns-priority", b"10") not in (b"5", b"10"):
        raise RefusedError("BadPriority", "apns-priority must be 5 or 10")
    expiration = headers.get(b"apns-expiration", b"")
    if _EPOCH_SECONDS.fullmatch(expiration) is None or (policy == 0 and expiration != b"0"):
        raise RefusedError("BadExpirationDate", "required: epoch seconds, 0 where the channel stores nothing")
    if not body:
        raise RefusedError("PayloadEmpty", "the request has no body")
    if len(body) > LIMIT_BYTES:
        raise RefusedError("PayloadTooLarge", f"a broadcast may have {LIMIT_BYTES} bytes")
    payload = parsed(body)
    check_payload(payload, "liveactivity")
    if isinstance(payload, dict) and payload["aps"]["event"] == "start":
        raise RefusedError("BadRequestPayload", "a broadcast starts no activities")
    return payload
