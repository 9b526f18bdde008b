"""Answers about installations: to the device, and to who helps its owner."""

from typing import Any

from services.runtime.openapi.examples.samples import AT, PHONE, UUID

_SERVER_KEY = "BMFZMyfYmS6aBdeixDSxydHOsnMaJYYzbXHBX7q8huPWz4TkyA1Z0QNG-Oq3RsmxZB_3SBxeE6LvYZMXnJopJ2I"
_SUBSCRIPTION = {"id": "news", "type": "setting", "name": "News", "title": "News", "description": "", "value": False}
_PROFILE = {
    "externalUserId": "customer-1",
    "phone": PHONE,
    "recipientMark": "fd4ea20edad3c4df",
    "primary": False,
    "proved": True,
}
_INSTALLATION = {
    **_PROFILE,
    "installationId": UUID,
    "applicationId": "acme-app",
    "deviceId": "device-1",
    "platform": "android",
    "appVersion": "4.2.0",
    "osVersion": "15",
    "model": "Pixel 9",
    "locale": "ru-RU",
    "timeZone": "Europe/Moscow",
    "publicKey": None,
    "token": {"provider": "fcm", "environment": None, "bundle": None, "variant": None, "registeredAt": AT},
    "pushEnabled": True,
    "pushOsEnabled": True,
    "subscriptions": [_SUBSCRIPTION],
    "launches": 1,
    "installedAt": AT,
    "lastUsedAt": AT,
    "updatedAt": AT,
}
_SEEN_BY_SUPPORT = {
    **_INSTALLATION,
    "tokenDigest": "0f8f4488",
    "tokenWorked": True,
    "provedBy": "2026-11",
    "replacedBy": None,
    "imported": False,
    "forbiddenByImport": [],
    "usage": {
        "launches": 1,
        "launchesByDay": {"2026-11-29": 1},
        "launchesByWeek": {"2026-11-23": 1},
        "sessionS": 95,
        "averageSessionS": 95,
    },
    "osPermission": [],
    "noPushes": None,
}
ANSWERS: dict[str, Any] = {
    "InstallAnswer": {"credential": "a-credential-that-is-shown-once", "installation": _INSTALLATION},
    "InstallationView": _INSTALLATION,
    "ProfileView": _PROFILE,
    "SubscriptionState": {**_SUBSCRIPTION, "said": True},
    "LiveView": {
        "activities": [
            {
                "activityId": "match-1",
                "attributesType": "MatchAttributes",
                "registeredAt": AT,
                "expiresAt": AT + 43200000,
            }
        ],
        "startTokens": [{"attributesType": "MatchAttributes", "registeredAt": AT}],
    },
    "ReceiptsAnswer": {"results": [{"accepted": True, "happenedAt": AT, "errors": []}]},
    "WebPushView": {"applicationServerKey": _SERVER_KEY},
    "SupportInstallation": _SEEN_BY_SUPPORT,
    "SupportAnswer": {
        "cards": [
            {
                "applicationId": "acme-app",
                "externalUserId": "customer-1",
                "phone": PHONE,
                "firstSeenAt": AT,
                "lastSeenAt": AT,
                "phones": [PHONE],
                "installations": [UUID],
                "launches": 1,
                "installedAt": AT,
                "lastUsedAt": AT,
            }
        ],
        "installations": [_SEEN_BY_SUPPORT],
        "gaveWay": [],
        "unread": [],
        "damaged": [],
    },
    "ImportAnswer": {
        "lines": 2,
        "imported": 1,
        "known": 0,
        "bad": [{"line": 2, "field": "provider", "rule": "mandatory"}],
    },
    "RevokeAnswer": {"installations": [UUID]},
    "SubscriptionAudience": {
        "id": "news",
        "type": "setting",
        "name": "News",
        "title": "News",
        "description": "",
        "default": True,
        "on": 1,
        "off": 2,
        "unsaid": 3,
        "reachable": 4,
    },
    "Prohibitions": {
        "applicationId": "acme-app",
        "now": [{"platform": "android", "forbidden": 1, "installations": 3}],
        "days": [
            {"day": "2026-11-29", "forbiddenBySdk": 1, "forbiddenByProvider": 0, "allowed": 0, "forbidden": 1},
        ],
    },
    "HuaweiAnswer": {"code": "0", "message": "success"},
}
