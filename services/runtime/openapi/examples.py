"""A body that is right, for each model of a request. A test holds each to its schema."""

from typing import Any

_TEXT = {"serviceNumber": "DemoBank", "text": "Your code is 4711", "ttl": 5}
_PUSH = {"type": "PUSH", "data": _TEXT}
_UUID = "0192f7a1-7c3e-7b44-9d2a-3f1e5c6b7a80"
_REF = {"messageId": _UUID, "link": 0}

EXAMPLES: dict[str, Any] = {
    "SendRequest": {
        "login": "demo",
        "password": "demo",
        "id": "first-1",
        "destAddr": "+7 900 000-00-01",
        "message": _PUSH,
        "cascadeChainLink": {
            "state": "DELIVERED",
            "message": {"type": "SMS", "data": {"serviceNumber": "DemoBank", "text": "Your code is 4711"}},
        },
    },
    "SendAnswer": {"mtNum": "7390612217", "id": "first-1"},
    "ErrorAnswer": {
        "error": {"code": 4, "description": "Invalid request"},
        "extendedDescription": "message.data.text: mandatory",
    },
    "Packet": {
        "messages": [
            {
                "from": "DemoBank",
                "to": "+7 900 000-00-01",
                "text": "Your card is ready",
                "type": "PUSH",
                "id": "card-1",
            },
            {
                "from": "DemoBank",
                "to": "+7 900 000-00-02",
                "text": "Your card is ready",
                "type": "PUSH",
                "id": "card-2",
            },
        ]
    },
    "MailingBody": {
        "name": "Spring offer",
        "id": "spring-1",
        "ratePerS": 500,
        "message": {"type": "PUSH", "data": _TEXT | {"text": "{{name}}, your offer is here"}},
    },
    "ChangeBody": {"ratePerS": 1000},
    "ChannelBody": {"environment": "sandbox"},
    "TestPushBody": {
        "partnerId": "bank",
        "serviceNumber": "Bank",
        "phone": "79001234567",
        "text": "This is a test message",
        "id": "4711",
    },
    "BroadcastBody": {
        "id": "goal-2",
        "ttlS": 600,
        "aps": {
            "timestamp": "2026-11-29T18:04:00+03:00",
            "event": "update",
            "content-state": {"home": 2, "guests": 1},
        },
    },
    "InstallBody": {
        "installationId": _UUID,
        "proof": "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA",
        "deviceId": "device-1",
        "platform": "android",
        "appVersion": "4.2.0",
        "osVersion": "15",
        "model": "Pixel 9",
        "locale": "ru-RU",
        "timeZone": "Europe/Moscow",
    },
    "TokenBody": {"provider": "fcm", "token": "a-token-of-fcm"},
    "PersonalizeBody": {"externalUserId": "customer-1", "phone": "+7 900 000-00-01"},
    "SettingsBody": {"pushEnabled": True, "pushOsEnabled": True, "subscriptions": [{"id": "news", "value": False}]},
    "SessionBody": {"sessionId": _UUID, "appVersion": "4.2.1", "previousSessionS": 95},
    "ActivityTokenBody": {"token": "80" * 32, "environment": "production", "attributesType": "MatchAttributes"},
    "StartTokenBody": {"token": "80" * 32, "environment": "production"},
    "ReceiptsBody": {
        "sentAt": 1795971845000,
        "receipts": [{"messageId": _UUID, "deliveryId": _UUID, "link": 0, "kind": "read", "happenedAt": 1795971840000}],
    },
    "PartnerCreate": {"login": "acme", "reportUrl": "https://acme.example/reports", "maxRatePerS": 100},
    "PartnerPatch": {"maxRatePerS": 200},
    "OwnPatch": {"reportUrl": "https://acme.example/reports"},
    "PasswordBody": {"password": "three words and 4711"},
    "BatchKeyBody": {"key": "Kx7Tq2Lm9Rv4Wd8Z"},
    "SenderBody": {"applicationId": "acme-app"},
    "ApplicationCreate": {"applicationId": "acme-app", "name": "Acme", "identity": "accepted"},
    "ApplicationPatch": {"minVersion": "4.0"},
    "ApiKeyBody": {"keepOld": True},
    "IdentityKeyBody": {"kid": "2026-11", "secret": ""},
    "EnabledBody": {"enabled": False},
    "OperatorCreate": {"name": "support.desk", "scopes": ["read"]},
    "AccountCreate": {"name": "support.desk", "scopes": ["support"]},
    "AccountPatch": {"enabled": False},
    "SignIn": {"name": "support.desk", "password": "a password of my own"},
    "PasswordChange": {"password": "a password of my own", "newPassword": "another one of mine"},
    "StopBody": {"state": "paused", "reason": "a wrong text"},
    "RevokeBody": {"externalUserId": "customer-1"},
    "ErasureBody": {"phone": "+7 900 000-00-01"},
    "RedriveBody": {"value": None},
    "Asked": {"messageIds": ["card-1", "card-2"]},
    "ResendBody": {"since": "2026-11-29T00:00:00+03:00", "dryRun": True},
    "DeleteBody": {"entries": [_REF]},
    "StatusBody": {"entries": [_REF], "status": "Seen"},
}
