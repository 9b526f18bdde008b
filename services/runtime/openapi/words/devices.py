"""Installations, tokens, receipts and cards: the device API, and what support sees."""

_ENTRY = {
    "id": "The subscription's id; it replaces the one with this id",
    "type": "setting: users switch it in the app; permission: they have allowed it",
    "value": "Whether it is switched on",
}

MODELS = {
    "InstallBody": {
        "installationId": "A UUID that the app draws once and keeps",
        "platform": "Which build of the SDK it is",
    },
    "InstallAnswer": {
        "credential": "Goes into `Authorization: Bearer …` of every later call",
        "installation": "The installation as it is now",
    },
    "InstallationView": {"token": "The live token; null: there is none"},
    "SupportInstallation": {
        "token": "The live token; null: there is none",
        "tokenWorked": "Whether a provider has ever taken a push for it",
        "usage": "How much the app is used on it",
    },
    "TokenBody": {
        "provider": "Who carries pushes to this token",
        "token": "The token that the provider gave the app",
        "subscription": "Of `web`: what pushManager.subscribe() gave",
    },
    "TokenView": {
        "bundle": "APNs: the app's bundle id",
        "variant": "RuStore: native or universal",
        "environment": "APNs: production or sandbox",
    },
    "WebSubscription": {
        "endpoint": "The push service's address",
        "expirationTime": "When the browser lets it end, UTC ms; null: never",
        "keys": "The browser's keys",
    },
    "WebKeys": {"p256dh": "The public key, base64url", "auth": "The shared secret, base64url"},
    "PersonalizeBody": {"externalUserId": "Who logs in, by the partner's id", "phone": "Who logs in, by phone number"},
    "SettingsBody": {
        "primary": "Make it its user's primary installation, or no longer",
        "subscriptions": "The subscriptions as they are now",
    },
    "SubscriptionBody": _ENTRY,
    "SubscriptionView": _ENTRY,
    "SubscriptionState": _ENTRY,
    "SessionBody": {
        "sessionId": "Drawn for this session: the same again counts once",
        "previousSessionS": "How long the session before lasted, seconds",
    },
    "ActivityTokenBody": {"token": "The token that updates this activity, hexadecimal"},
    "StartTokenBody": {"token": "The token that starts activities of this type, hexadecimal"},
    "ActivityView": {"registeredAt": "When its token was registered, UTC ms"},
    "StartTypeView": {"registeredAt": "When its token was registered, UTC ms"},
    "LiveView": {
        "activities": "The activities that can be updated",
        "startTokens": "The types whose activities can be started",
    },
    "ReceiptsBody": {"receipts": "The receipts; each is judged alone"},
    "ReceiptsAnswer": {"results": "One for each receipt, in their order"},
    "ReceiptResult": {
        "accepted": "Whether it is stored, or was known before",
        "happenedAt": "When it counts as having happened, by our clock, UTC ms",
        "errors": "The rules that it breaks, where it was refused",
    },
    "Usage": {"launches": "How often the app was started, all in all"},
    "PermissionView": {"allowed": "Whether pushes are allowed from then on", "source": "Who reported it"},
    "CardView": {"lastUsedAt": "When the app was last used on those, UTC ms"},
    "SupportAnswer": {
        "cards": "What was ever linked to the user or the phone",
        "installations": "The installations that are theirs now",
    },
    "ImportAnswer": {
        "lines": "How many lines were read",
        "imported": "How many installations are new",
        "known": "How many were known before",
        "bad": "The lines that were not imported",
    },
    "RevokeBody": {
        "externalUserId": "Of the user with this id",
        "phone": "Of the user with this phone number",
    },
    "RevokeAnswer": {"installations": "How many were proved, and are no longer"},
    "SubscriptionAudience": {
        "id": "The subscription's id",
        "default": "What counts where a device has reported nothing; null: it is not in the catalogue",
    },
    "PlatformProhibition": {
        "forbidden": "On how many installations the operating system forbids pushes",
        "installations": "How many installations have a live token",
    },
    "Prohibitions": {"now": "By platform, as it is now", "days": "By day, the oldest first"},
    "ProhibitionDay": {"day": "The day, YYYY-MM-DD in UTC"},
    "HuaweiAnswer": {"code": "0: taken", "message": "success"},
}
