"""Answers about what has become of messages: to partners and operators, and in the history of a device."""

from typing import Any

from services.runtime.openapi.examples.samples import AT, PHONE, UUID

_DELIVERY_ID, _INSTALLATION_ID = "89e605f7-c01c-80b0-b915-d9223843305a", "1d0b3ad6-553c-4ae0-99b2-54310e8e292b"
_MESSAGE = {
    "messageId": UUID,
    "mtNum": "7390612217",
    "id": "first-1",
    "partnerId": "demo",
    "lane": "single",
    "state": "READ",
    "reason": None,
    "explanation": "PUSH was read on 1 of 1 device.",
    "phone": PHONE,
    "externalUserId": None,
    "channel": "PUSH",
    "sender": "DemoBank",
    "title": None,
    "text": "Your code is 4711",
    "createdAt": AT,
}
_DELIVERY = {
    "deliveryId": _DELIVERY_ID,
    "installationId": _INSTALLATION_ID,
    "proved": True,
    "liveActivity": None,
    "applicationId": "demo",
    "provider": "fcm",
    "state": "READ",
    "reason": None,
    "attempts": 1,
    "sentAt": AT,
    "deliveredAt": AT,
    "readAt": AT,
}
_LINK = {
    "link": 0,
    "channel": "PUSH",
    "sender": "DemoBank",
    "state": "READ",
    "reason": None,
    "doubleReach": False,
    "sendAt": AT,
    "expiresAt": AT + 300_000,
    "awaited": "DELIVERED",
    "deliveries": [_DELIVERY],
    "skipped": [],
    "changes": [{"state": "PLANNED", "at": AT}, {"state": "READ", "at": AT}],
    "report": {"status": 9, "errorCode": 0, "taken": 9},
}
_ENTRY = {
    "at": AT,
    "what": "attempt",
    "words": "attempt",
    "link": 0,
    "eventId": "99ed6707-79a7-5b44-8c4c-3f5f8a6a54b1",
    "reason": None,
    "detail": "accepted",
    "installationId": _INSTALLATION_ID,
    "liveActivity": None,
    "provider": "fcm",
    "attempt": 1,
    "status": 200,
    "statusWords": None,
    "latencyMs": 6,
    "late": False,
    "counts": True,
}
_REASON = {
    "name": "unknown-phone",
    "errorCode": 20,
    "words": "nobody with this phone has ever used the application",
    "meaning": "Nobody has ever logged in to the app with this phone number.",
    "remedy": "Install the app, open it and log in with this phone or user.",
    "side": "customer",
}
_LATENCY = {"count": 1, "meanMs": 40, "p50Ms": 100, "p95Ms": 100, "p99Ms": 100, "buckets": [1, 0, 0]}
_STATE = {"messageId": UUID, "ts": AT, "status": "READ", "id": "card-1", "packetId": 2186841536359987}
_FAILED = {**_STATE, "messageId": _DELIVERY_ID, "status": "UNDELIVERABLE", "errorCode": 20, "id": "card-2"}
_CONTENT: dict[str, Any] = {
    "title": None,
    "text": "Your card is ready",
    "content": None,
    "actions": [],
    "customPayload": None,
    "liveActivity": None,
    "secure": None,
    "messageId": UUID,
    "link": 0,
    "expiresAt": AT + 3_600_000,
}
_HISTORY = {
    **_CONTENT,
    "deliveryId": _DELIVERY_ID,
    "sentAt": AT,
    "status": "Seen",
    "deliveredAt": AT,
    "readAt": AT,
}
ANSWERS: dict[str, Any] = {
    "MessageView": {
        **_MESSAGE,
        "extraParam": None,
        "callbackData": None,
        "packetId": None,
        "mailingId": None,
        "registeredDelivery": 1,
        "notifyUrl": None,
        "links": [_LINK],
        "trace": [_ENTRY],
        "traceDropped": 0,
        "closed": False,
    },
    "MessagePage": {"messages": [_MESSAGE], "cursor": None},
    "ReasonCounts": {"reasons": [{"reason": _REASON, "messages": 1}]},
    "CancelAnswer": {"messageId": UUID, "link": 1, "channels": ["SMS"]},
    "PacketStates": {
        "packetId": 2186841536359987,
        "total": 2,
        "counts": {"READ": 1, "UNDELIVERABLE": 1},
        "messages": [_STATE, _FAILED],
        "next": None,
    },
    "States": {"messages": [_STATE]},
    "StatisticsView": {
        "since": AT - 86_400_000,
        "until": AT,
        "boundsMs": [100, 250],
        "rows": [{"group": {"outcome": "read"}, "count": 1, "sentAfter": _LATENCY, "deliveredAfter": _LATENCY}],
    },
    "SavingsView": {
        "partnerId": "demo",
        "since": AT - 2_592_000_000,
        "until": AT,
        "links": 1,
        "byChannel": {"SMS": 1},
    },
    "Taken": {"status": "ok"},
    "ResendView": {
        "resendId": "01a22e51-421c-7c58-979d-1ce0b8b51441",
        "partner": "demo",
        "since": AT - 86_400_000,
        "until": AT,
        "state": "running",
        "by": "partner:demo",
        "at": AT,
        "asked": 0,
        "messages": 12,
        "endedAt": None,
    },
    "ContentAnswer": _CONTENT,
    "HistoryEntry": _HISTORY,
    "HistoryPage": {"entries": [_HISTORY], "cursor": None},
    "ChangeAnswer": {"results": [{"messageId": UUID, "link": 0, "found": True}]},
}
