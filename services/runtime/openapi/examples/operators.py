"""Answers to operators about themselves, and about what they keep running: accounts, dead letters, audit, erasures."""

from typing import Any

from services.runtime.openapi.examples.samples import AT, PHONE, UUID, VERSION

_SESSION = {
    "accountId": UUID,
    "name": "support.desk",
    "scopes": ["support"],
    "heldScopes": ["read", "support"],
    "hasPassword": True,
    "expiresAt": AT + 1_800_000,
    "endsAt": AT + 43_200_000,
}
_RECORD = {
    "at": AT,
    "who": "operator:duty",
    "whoId": "",
    "caller": "duty",
    "sentence": "changed the partner acme: requests a second",
    "address": "192.0.2.10",
    "service": "registry",
    "method": "PATCH",
    "route": "/v1/partners/{partner_id}",
    "path": "/v1/partners/acme",
    "status": 200,
    "changes": [
        {
            "entity": "partner/acme",
            "before": "3dc3c30d580dd091",
            "after": "907946659af947b8",
            "fields": ["max_rate_per_s"],
            "titles": ["requests a second"],
            "values": [{"name": "max_rate_per_s", "title": "requests a second", "before": "100", "after": "200"}],
        }
    ],
    "count": 1,
    "look": "",
    "asked": [],
    "subjects": [],
    "messages": [],
    "isWide": False,
}
ANSWERS: dict[str, Any] = {
    "OperatorView": {
        "operatorId": UUID,
        "name": "support.desk",
        "scopes": ["read"],
        "state": "works",
        "createdAt": AT,
        "expiresAt": None,
        "changedAt": AT,
        "by": "operator:duty",
        "token": "a-token-that-is-shown-once",
    },
    "AccountView": {
        "accountId": UUID,
        "version": VERSION,
        "name": "support.desk",
        "scopes": ["support"],
        "state": "invited",
        "createdAt": AT,
        "changedAt": AT,
        "by": "operator:duty",
        "passwordExpiresAt": AT + 604_800_000,
        "password": "a-password-for-once",
    },
    "SessionView": _SESSION,
    "SignInView": {"session": _SESSION},
    "WaysView": {"ways": ["password", "token"], "oidcLabel": ""},
    "LetterView": {
        "letterId": "audit-events/0/0",
        "topic": "audit-events",
        "place": "0/66",
        "at": AT,
        "reason": "at: Expected `int`, got `str`",
        "key": "operator:duty",
        "type": "audited",
        "size": 33,
        "isCut": False,
        "failure": None,
        "state": "open",
        "by": "",
        "doneAt": None,
    },
    "ContentView": {"letterId": "audit-events/0/0", "value": '{"type": "audited", "at": "soon"}'},
    "DoneView": {
        "letterId": "audit-events/0/0",
        "state": "redriven",
        "by": "operator:duty",
        "failureWithdrawn": False,
    },
    "ClusterView": {
        "unanswered": [],
        "instances": [
            {
                "service": "dispatch",
                "instance": "dispatch-1",
                "version": "1.0.0",
                "commit": "e810402e2be9",
                "host": "node-1",
                "lanes": ["single", "bulk"],
                "startedAt": AT,
                "at": AT,
                "isSilent": False,
            }
        ],
        "groups": [
            {
                "group": "dispatch-apns",
                "state": "Stable",
                "waiting": 0,
                "members": [
                    {
                        "instance": "dispatch-1",
                        "host": "192.0.2.20",
                        "holds": [{"topic": "target-resolved.apns", "partitions": [0, 1]}],
                    }
                ],
                "topics": [
                    {
                        "topic": "target-resolved.apns",
                        "lane": "single",
                        "waiting": 0,
                        "oldestMs": 0,
                        "partitions": 2,
                        "unheld": [],
                    }
                ],
            }
        ],
        "signs": [],
        "holdups": [],
        "openDeadLetters": {"audit-events": 1},
    },
    "TrailView": {
        "since": AT - 86_400_000,
        "until": AT,
        "isWhole": True,
        "readUntil": AT,
        "records": [_RECORD],
        "leftOut": 0,
        "searchedSince": AT - 86_400_000,
        "cursor": None,
        "wide": 0,
    },
    "RefusalsView": {
        "refusals": [
            {
                "partner": "acme",
                "firstAt": AT,
                "lastAt": AT + 4_000,
                "count": 3,
                "method": "POST",
                "path": "/v6/send",
                "status": 400,
                "code": "4",
                "field": "message.data.ttl",
                "rule": "must be a whole number",
                "lastId": "order-4711",
            }
        ],
        "cursor": None,
    },
    "PreviewView": {
        "persons": [{"kind": "phone", "value": PHONE}],
        "leftOut": [{"kind": "user", "value": "customer-1"}],
    },
    "ErasureView": {
        "erasureId": UUID,
        "at": AT,
        "by": "operator:duty",
        "state": "done",
        "keys": [{"recipient": "3e4eb9ade386", "scope": "", "generation": 0, "derivable": False}],
        "dropped": {"dispatch-1": AT, "router-1": AT, "ingest-1": AT, "status-1": AT, "registry-1": AT},
        "cleaned": {"registry": {"installations": 1}, "status": {"messages": 2}},
        "failing": {},
    },
    "TopicRecords": {"topic": "device-events", "records": 2, "opened": 0, "ofOthers": 6, "ofOthersOpened": 6},
}
