"""The form of a delivery report, checked field by field: `docs/partner-api.md` §3, and §6 for messages of packets."""

from typing import Any

from deploy.sandbox.http.json_form import Check, MalformedError, choice, integer, text

SENT, DELIVERED, UNDELIVERED, READ = 0, 2, 5, 9

_TYPES = (
    *("PUSH", "SMS", "VIBER", "VK", "WHATSAPP", "TELEGRAM", "FLASHINGCALL"),
    *("MAX", "CARDSMOBILE"),
)
_TIME = r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d[+-]\d{4}"
_WHEN = "a time such as 2019-05-05T10:20:35+0300"

_FIELDS: dict[str, Check] = {
    "id": text(1),
    "mtNum": text(pattern=r"\d{1,19}", hint="decimal digits"),
    "status": choice(SENT, DELIVERED, UNDELIVERED, READ),
    "type": choice(*_TYPES),
    "doneDate": text(pattern=f"({_TIME})?", hint=f"empty or {_WHEN}"),
    "submitDate": text(pattern=_TIME, hint=_WHEN),
    "sourceAddr": text(),
    "destAddr": text(),
    "text": text(),
    "partCount": text(pattern=r"\d{3}", hint="three digits"),
    "errorCode": text(pattern=r"\d{1,3}", hint="a number in a string"),
    "mccMnc": text(),
    "trafficType": integer(0, 7),
}
_CALLBACK: dict[str, Check] = {
    "messageId": text(1),
    "ts": integer(1, 2**53),
    "status": choice(
        *("SENT", "DELIVERED", "EXPIRED", "REJECTED", "UNDELIVERABLE", "ACCEPTED", "UNKNOWN", "READ"),
    ),
    "errorCode": integer(0, 999),
    "id": text(1),
    "type": choice(*_TYPES),  # of a cascade: which link
}
_OPTIONAL = frozenset({"id", "mccMnc"})


def violations(report: dict[str, Any]) -> list[str]:
    """Everything that is wrong with a report, one line each; empty when it is as it should be."""
    if "messageId" in report:
        return _against(_CALLBACK, frozenset({"id", "errorCode", "type"}), report) or _callback_contradictions(report)
    return _against(_FIELDS, _OPTIONAL, report) or _contradictions(report)


def _against(fields: dict[str, Check], optional: frozenset[str], report: dict[str, Any]) -> list[str]:
    found = [f"{name}: is no known field" for name in report if name not in fields]
    found += [f"{name}: is missing" for name in fields if name not in report and name not in optional]
    for name, check in fields.items():
        if name in report:
            try:
                check(report[name])
            except MalformedError as error:
                found.append(f"{name}: {error.why}")
    return found


def _callback_contradictions(report: dict[str, Any]) -> list[str]:
    with_code = report["status"] in ("REJECTED", "UNDELIVERABLE")
    return [] if with_code == ("errorCode" in report) else [f"errorCode: does not go with status {report['status']}"]


def _contradictions(report: dict[str, Any]) -> list[str]:
    """Fields that are well-formed and do not go together."""
    status, failed = report["status"], report["status"] == UNDELIVERED
    reached = status in (DELIVERED, READ)
    found = []
    if reached != bool(report["doneDate"]):
        found.append(f"doneDate: must be {'given' if reached else 'empty'} with status {status}")
    if failed == (report["errorCode"] == "0"):
        found.append(f"errorCode: {report['errorCode']} does not go with status {status}")
    return found
