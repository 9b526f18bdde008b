"""FCM's errors as they look on the wire (`docs/providers.md` §2.5): one row for each reason that can be ordered.

The key is the sandbox's own name for a row, because FCM answers different things under one code.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from deploy.sandbox.http.messages import Answer

Detail = dict[str, Any]

_RPC = "type.googleapis.com/google.rpc."
_FCM = "type.googleapis.com/google.firebase.fcm.v1."
_GENERIC = "Request contains an invalid argument."
_NOT_FOUND = "Requested entity was not found."
_BAD_TOKEN = "The registration token is not a valid FCM registration token"
_QUOTA = "Quota exceeded for quota metric 'Send requests' and limit 'Send requests per minute'"
_APNS_OFF = "APNs token is disabled"
_NO_CREDENTIAL = "Request had invalid authentication credentials. Expected OAuth 2 access token."
_DENIED = "Permission 'cloudmessaging.messages.create' denied on resource."

CANONICAL = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One documented error."""

    status: int
    message: str
    details: tuple[Detail, ...] = ()


def fcm_error(code: str) -> Detail:
    return {"@type": f"{_FCM}FcmError", "errorCode": code}


def apns_error(status: int, reason: str) -> Detail:
    return {"@type": f"{_FCM}ApnsError", "statusCode": status, "reason": reason}


def bad_request(description: str, path: str | None = None) -> Detail:
    violation = {"description": description} if path is None else {"field": path, "description": description}
    return {"@type": f"{_RPC}BadRequest", "fieldViolations": [violation]}


def error_info(reason: str, **metadata: str) -> Detail:
    metadata = {"service": "fcm.googleapis.com", **metadata}
    return {
        "@type": f"{_RPC}ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": metadata,
    }


def quota_failure(subject: str, description: str) -> Detail:
    return {
        "@type": f"{_RPC}QuotaFailure",
        "violations": [{"subject": subject, "description": description}],
    }


_INVALID = fcm_error("INVALID_ARGUMENT")
_SENDS_PER_MINUTE = error_info(
    "RATE_LIMIT_EXCEEDED",
    quota_metric="fcm.googleapis.com/send_requests",
    quota_limit="SendsPerMinutePerProject",
)

ROWS: dict[str, Row] = {
    "INVALID_TOKEN": Row(400, _BAD_TOKEN, (_INVALID, bad_request(_BAD_TOKEN, "message.token"))),
    "APNS_UNREGISTERED": Row(400, _GENERIC, (_INVALID, apns_error(410, "Unregistered"))),
    "APNS_DISABLED": Row(400, _APNS_OFF, (apns_error(410, "Unregistered"),)),
    "INVALID_ARGUMENT": Row(400, _GENERIC, (_INVALID, bad_request(_GENERIC, "message.data[0].value"))),
    "INVALID_ARGUMENT_ALONE": Row(400, _GENERIC, (_INVALID,)),
    "INVALID_ARGUMENT_BARE": Row(400, _GENERIC),
    "UNAUTHENTICATED": Row(401, _NO_CREDENTIAL, (error_info("ACCESS_TOKEN_EXPIRED"),)),
    "UNAUTHENTICATED_BARE": Row(401, _NO_CREDENTIAL),
    "THIRD_PARTY_AUTH_ERROR": Row(
        401,
        "Auth error from APNS or Web Push Service",
        (fcm_error("THIRD_PARTY_AUTH_ERROR"), apns_error(403, "InvalidProviderToken")),
    ),
    "SENDER_ID_MISMATCH": Row(403, "SenderId mismatch", (fcm_error("SENDER_ID_MISMATCH"),)),
    "PERMISSION_DENIED": Row(403, _DENIED, (error_info("IAM_PERMISSION_DENIED"),)),
    "PERMISSION_DENIED_BARE": Row(403, _DENIED),
    "SERVICE_DISABLED": Row(
        403, "Firebase Cloud Messaging API has not been used in project", (error_info("SERVICE_DISABLED"),)
    ),
    "UNREGISTERED": Row(404, _NOT_FOUND, (fcm_error("UNREGISTERED"),)),
    "UNREGISTERED_APNS": Row(404, _NOT_FOUND, (fcm_error("UNREGISTERED"), apns_error(410, "Unregistered"))),
    "NOT_FOUND": Row(404, _NOT_FOUND),
    "RATE_LIMIT_EXCEEDED": Row(429, _QUOTA, (_SENDS_PER_MINUTE,)),
    "QUOTA_EXCEEDED": Row(
        429,
        "Quota exceeded for the device.",
        (fcm_error("QUOTA_EXCEEDED"), quota_failure("device", "Device message rate exceeded")),
    ),
    "QUOTA_EXCEEDED_TOPIC": Row(
        429,
        "Quota exceeded for the topic.",
        (fcm_error("QUOTA_EXCEEDED"), quota_failure("topic", "Topic message rate exceeded")),
    ),
    "QUOTA_EXCEEDED_MESSAGE": Row(
        429,
        "Quota exceeded for messages.",
        (fcm_error("QUOTA_EXCEEDED"), quota_failure("message", "Message rate exceeded")),
    ),
    "INTERNAL": Row(500, "Internal error encountered.", (fcm_error("INTERNAL"),)),
    "UNAVAILABLE": Row(503, "The service is currently unavailable.", (fcm_error("UNAVAILABLE"),)),
    "DEADLINE_EXCEEDED": Row(504, "Deadline expired before operation could complete."),
}
BAD_GATEWAY = "BAD_GATEWAY"  # 502, and the body is HTML
REASONS = frozenset(ROWS) | {BAD_GATEWAY}

# The reason of a status when the order names none.
DEFAULT_REASONS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "UNREGISTERED",
    429: "RATE_LIMIT_EXCEEDED",
    500: "INTERNAL",
    502: BAD_GATEWAY,
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def envelope(status: int, message: str, details: tuple[Detail, ...] = ()) -> bytes:
    error: dict[str, Any] = {"code": status, "message": message, "status": CANONICAL.get(status, "UNKNOWN")}
    if details:
        error["details"] = list(details)
    return orjson.dumps({"error": error}, option=orjson.OPT_INDENT_2)


def render(reason: str, status: int = 0, bare: bool = False) -> Answer:
    """The answer of a row; another `status` than its own when given; `bare` drops the details of a 400."""
    if reason == BAD_GATEWAY:
        return html(status or 502)
    row = ROWS[reason]
    status = status or row.status
    details = () if bare and status == 400 else row.details
    return Answer(status, envelope(status, row.message, details))


def html(status: int) -> Answer:
    """What Google's front end says when the service behind it does not."""
    page = f"<!DOCTYPE html>\n<html lang=en>\n<title>Error {status}</title>\n<p><b>{status}.</b> That’s an error.\n"
    return Answer(status, page.encode(), content_type="text/html; charset=UTF-8")
