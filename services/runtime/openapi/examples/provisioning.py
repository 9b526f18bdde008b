"""Answers about partners, applications, their secrets, and stops."""

from typing import Any

from services.runtime.openapi.examples.samples import AT, VERSION

_CHANGED = {"version": VERSION, "changedAt": AT, "by": "operator:duty"}
_SHARED = {
    "login": "acme",
    "subnets": [],
    "reportUrl": "https://acme.example/reports",
    "signsReports": True,
    "reportKeys": 1,
    "apiKeys": 0,
    "batchKeys": 1,
    "defaultSender": "Acme",
    "defaultTtlS": {"PUSH": 3600},
    "defaultTtlUnit": {"PUSH": "MINUTES"},
    "rejectDuplicates": False,
    "maxConnections": 100,
    "maxRatePerS": 100,
    "utcOffsetMin": 180,
    "linkShortener": False,
    "planningHorizonDays": 30,
}
ANSWERS: dict[str, Any] = {
    "PartnerView": {
        "partnerId": "acme",
        **_CHANGED,
        **_SHARED,
        "password": None,
        "batchChannel": "SMS",
        "enabled": True,
    },
    "OwnSettings": {"partnerId": "acme", **_CHANGED, **_SHARED},
    "SecretView": {"key": "a-key-that-is-shown-once", "version": VERSION},
    "ReportKeyView": {
        "key": "a-key-that-is-shown-once",
        "version": VERSION,
        "webhookSecret": "whsec_YS1rZXktdGhhdC1pcy1zaG93bi1vbmNl",
    },
    "SenderView": {
        "partnerId": "acme",
        "serviceNumber": "Acme",
        **_CHANGED,
        "applicationId": "acme-app",
        "enabled": True,
    },
    "ApplicationView": {
        "applicationId": "acme-app",
        **_CHANGED,
        "name": "Acme",
        "apiKey": None,
        "apiKeys": 1,
        "minVersion": "4.0",
        "rustoreVariant": "native",
        "bundle": "app.acme",
        "maxPushesPerS": 2000,
        "enabled": True,
        "subscriptions": [],
        "identity": "accepted",
        "identityKeys": [{"kid": "2026-11", "alg": "HS256", "public": None, "addedAt": AT}],
        "allowedOrigins": [],
        "secret": None,
    },
    "CredentialsView": {
        "applicationId": "acme-app",
        "provider": "rustore",
        **_CHANGED,
        "fingerprint": "bc9a275c680e09bf",
        "enabled": True,
        "publicKey": None,
    },
    "MeView": {
        "kind": "partner",
        "name": "acme",
        "operatorId": None,
        "scopes": [],
        "heldScopes": [],
        "expiresAt": None,
        "accountId": None,
        "hasPassword": False,
        "partnerId": "acme",
        "senders": [{"serviceNumber": "Acme", "applicationId": "acme-app"}],
    },
    "StopView": {
        "scope": "partner",
        "id": "acme",
        "state": "paused",
        "by": "operator:duty",
        "reason": "a wrong text",
        "at": AT,
    },
}
