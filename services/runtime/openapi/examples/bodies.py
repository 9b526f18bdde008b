"""What is sent: for each model of a request, and for each request that no model describes."""

from typing import Any

from services.runtime.openapi.examples.samples import AT, UUID

_TEXT = {"serviceNumber": "DemoBank", "text": "Your code is 4711", "ttl": 5}
_PUSH = {"type": "PUSH", "data": _TEXT}
_REF = {"messageId": UUID, "link": 0}

BODIES: dict[str, Any] = {
    "SendRequest": {
        "login": "demo",
        "password": "demo",
        "id": "first-1",
        "destAddr": "+7 900 000-00-01",
        "message": _PUSH,
        "cascadeChainLink": {
            "state": "DELIVERED",
            "message": {"type": "SMS", "data": _TEXT},
        },
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
        "partnerId": "acme",
        "serviceNumber": "Acme",
        "phone": "+7 900 000-00-01",
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
        "installationId": UUID,
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
    "SessionBody": {"sessionId": UUID, "appVersion": "4.2.1", "previousSessionS": 95},
    "ActivityTokenBody": {"token": "80" * 32, "environment": "production", "attributesType": "MatchAttributes"},
    "StartTokenBody": {"token": "80" * 32, "environment": "production"},
    "ReceiptsBody": {
        "sentAt": AT + 5_000,
        "receipts": [{"messageId": UUID, "deliveryId": UUID, "link": 0, "kind": "read", "happenedAt": AT}],
    },
    "PartnerCreate": {
        "partnerId": "acme",
        "login": "acme",
        "reportUrl": "https://acme.example/reports",
        "maxRatePerS": 100,
    },
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
    "Asked": {"messageIds": [UUID]},
    "ResendBody": {"since": "2026-11-29T00:00:00+03:00", "dryRun": True},
    "DeleteBody": {"entries": [_REF]},
    "StatusBody": {"entries": [_REF], "status": "Seen"},
}

_LISTED = {
    "application/x-ndjson": (
        '{"to": "+7 900 000-00-01", "name": "reader 1"}\n{"to": "+7 900 000-00-02", "name": "reader 2"}\n'
    ),
    "text/csv": "to,name\n+7 900 000-00-01,reader 1\n+7 900 000-00-02,reader 2\n",
}
_IMPORTED = '{"provider": "fcm", "token": "another-token-of-fcm", "externalUserId": "customer-2"}\n'
CONTENTS: dict[str, dict[str, Any]] = {
    "uploadRecipients": _LISTED,
    "postRecipients": _LISTED,
    "importInstallations": {"application/x-ndjson": _IMPORTED},
    "putCredentials": {"application/json": {"project_id": "acme-project", "service_token": "a-token-of-rustore"}},
    "postChannelReport": {"application/json": {"id": UUID, "status": 2, "doneDate": "2026-11-29T18:04:00+0300"}},
    "postHmsReceipts": {
        "application/json": {
            "statuses": [
                {
                    "biTag": "the tag of the push",
                    "token": "a-token-of-hms",
                    "requestId": "4711",
                    "appid": "100000001",
                    "status": 0,
                    "timestamp": AT,
                }
            ]
        }
    },
}
"""By operation and type, of bodies that no model describes."""
