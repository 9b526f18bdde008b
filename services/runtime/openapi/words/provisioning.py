"""Partners, applications, operators, stops, erasures and the cluster: what operators see and change."""

_PARTNER = {
    "login": "What the partner logs in with",
    "reportUrl": "Where reports go; null: nowhere, unless a message says so",
    "defaultSender": "The service number of messages that name none",
    "defaultTtlS": "The lifetime by channel where a message names none, seconds",
    "defaultTtlUnit": "The unit by channel of a `ttl` without one",
    "rejectDuplicates": "Refuse an id that was used before, in place of answering as the first time",
    "maxConnections": "Requests at once",
    "maxRatePerS": "Messages a second",
    "utcOffsetMin": "The partner's time zone, minutes east of UTC",
    "planningHorizonDays": "How far ahead a message may be scheduled, days",
}
_APPLICATION = {
    "name": "What people call it",
    "bundle": "The APNs topic of tokens that name none",
    "maxPushesPerS": "Pushes a second to each provider",
}
_KEY = {"apiKey": "A key of the application; the answer that made it is the only one that shows it"}
_ENTRY = {
    "id": "The subscription's id",
    "type": "setting: users switch it in the app; permission: they have allowed it",
    "default": "What counts where a device has reported nothing",
}

MODELS = {
    "PartnerCreate": _PARTNER | {"password": "At least 12 characters; left out: drawn"},
    "PartnerPatch": _PARTNER,
    "PartnerView": _PARTNER
    | {
        "password": "Only in the answer that made it",
        "subnets": "The networks that it may call from, CIDR; empty: any",
        "signsReports": "Whether its reports are signed",
        "reportKeys": "Keys that its reports are signed with: 2 while the one before the newest still signs",
        "batchKeys": "How many keys for packets work",
        "apiKeys": "How many API keys work",
    },
    "OwnSettings": _PARTNER
    | {"signsReports": "Whether reports are signed", "batchKeys": "How many keys for packets work"},
    "PasswordBody": {"password": "At least 12 characters; left out: drawn"},
    "BatchKeyBody": {"key": "8 to 30 letters and digits; left out: drawn"},
    "SecretView": {"key": "The key, shown this once"},
    "ReportKeyView": {
        "key": "The key, shown this once: its bytes are those of the text",
        "webhookSecret": "The same key, as libraries of Standard Webhooks take it",
    },
    "SenderBody": {"applicationId": "The application that its pushes go to; null: none, for other channels only"},
    "SenderView": {"applicationId": "The application that its pushes go to; null: none"},
    "ApplicationCreate": _APPLICATION | _KEY,
    "ApplicationPatch": _APPLICATION,
    "ApplicationView": _APPLICATION
    | _KEY
    | {
        "subscriptions": "The catalogue of subscriptions",
        "identityKeys": "The keys that proofs of login are verified with",
    },
    "SubscriptionKindBody": _ENTRY,
    "SubscriptionKindView": _ENTRY,
    "ApiKeyBody": {"apiKey": "A key of your own; left out: drawn", "keepOld": "Whether the key before goes on working"},
    "IdentityKeyBody": {"pem": "A public key in PEM", "jwks": "Public keys as a JWKS"},
    "IdentityKeyView": {"alg": "The algorithm of its signatures", "addedAt": "When it was added, UTC ms"},
    "OperatorView": {"name": "Who has it", "token": "The token; only in the answer that made it"},
    "AccountView": {"name": "Whose it is"},
    "SessionView": {"name": "Who has signed in"},
    "SignIn": {"name": "Of the account", "password": "The account's, or the one for once"},
    "PasswordChange": {"password": "The one that it has now", "newPassword": "The one to take its place"},
    "StopBody": {"state": "running, paused or cancelled", "reason": "Why, for people"},
    "StopView": {
        "scope": "What is stopped: partner, application, provider, packet, mailing",
        "id": "Which one",
        "state": "running, paused or cancelled",
        "reason": "Why, for people",
    },
    "ErasureBody": {
        "phone": "The person with this phone number",
        "externalUserId": "The person with this id at the partner",
        "partnerId": "Only at this partner",
        "applicationId": "Only in this application",
    },
    "PersonView": {"kind": "user or phone", "value": "The user id, or the phone number"},
    "PreviewView": {
        "persons": "Whom the erasure would reach",
        "leftOut": "Who is linked to them by unproved logins alone, and so left out",
    },
    "ErasureView": {
        "erasureId": "Our id of the erasure",
        "at": "When it was requested, UTC ms",
        "state": "How far it has come",
        "keys": "The keys that are destroyed",
    },
    "FailingStep": {"tries": "How often it has failed"},
    "DestroyedKey": {
        "recipient": "A digest of whose key it is",
        "scope": "The application or partner that it is of; empty: all",
        "generation": "Which of several keys in a row",
        "derivable": "Whether it could be made again from what the database holds now",
    },
    "TopicRecords": {
        "records": "Records that were sealed for the forgotten",
        "opened": "How many of them still open: none, once all is done",
        "ofOthers": "Everybody else's records",
        "ofOthersOpened": "How many of those open",
    },
    "LetterView": {
        "reason": "Why it could not be processed",
        "key": "The key of the record",
        "state": "open, redriving, redriven or discarded",
        "doneAt": "When it was sent again or discarded, UTC ms",
    },
    "ContentView": {"letterId": "The dead letter"},
    "DoneView": {"letterId": "The dead letter", "state": "What became of it"},
    "InstanceView": {
        "version": "The release that runs",
        "commit": "The commit that it was built of",
        "startedAt": "When it was started, UTC ms",
    },
    "ClusterView": {
        "unanswered": "Servers that did not answer in time",
        "instances": "The processes",
        "groups": "The consumer groups",
        "signs": "Metrics that are above 0 only while something is wrong",
        "holdups": "Which senders are held up, and why",
        "openDeadLetters": "How many dead letters are open, by topic",
    },
    "GroupView": {"group": "Its name", "members": "Who reads", "topics": "What it reads"},
    "MemberView": {"holds": "What it reads"},
    "HeldView": {"partitions": "Which partitions"},
    "TopicLagView": {"partitions": "How many partitions the topic has"},
    "HoldupView": {"since": "Since when, UTC ms", "service": "The service that says so", "instance": "The process"},
    "SignView": {"sign": "Name of the metric", "value": "Its value"},
    "AuditView": {
        "who": "operator:<name>, partner:<id>, or whom the caller said to be",
        "method": "The HTTP method",
        "route": "The route, without what stands in its place",
        "path": "The path, what is personal in it left out",
        "status": "The HTTP status of the answer",
    },
    "ChangeView": {
        "entity": "What was changed",
        "before": "Its fingerprint before; null: it is new",
        "after": "Its fingerprint now",
    },
    "TrailView": {"isWhole": "False: there is more", "records": "The records, the newest last"},
}
