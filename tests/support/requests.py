"""What tests of ingest share: a partner, its senders, bodies of requests, and the decision about one."""

from typing import Any

from schemas import ids
from schemas.application_events import PartnerChanged, SenderChanged
from schemas.events import MessageRequested
from schemas.values import Link
from services.ingest.rules.body import SendRequest, parsed
from services.ingest.rules.errors import Refusal, Refused
from services.ingest.rules.message import AcceptedMessage, accept

NOW = 1_767_225_600_000  # 2026-01-01T00:00:00Z
PARTNER = PartnerChanged(
    event_id="00000000-0000-7000-8000-000000000001",
    at=NOW,
    partner_id="demo",
    uuid="6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    login="demo",
    password_hash="",
    default_sender="DemoBank",
)


class Senders:
    """DemoBank stands for the application `bank`, DemoText for none."""

    def sender(self, partner_id: str, service_number: str) -> SenderChanged | None:
        application_id = {"DemoBank": "bank", "DemoText": None}.get(service_number, "")
        if application_id == "":
            return None
        return SenderChanged(
            event_id="s", at=NOW, partner_id=partner_id, service_number=service_number, application_id=application_id
        )


def push(**data: Any) -> dict[str, Any]:
    """A message of type PUSH; what is None is left out."""
    data = {"text": "Your code is 1234", "ttl": 60, "ttlUnit": "SECONDS"} | data
    return {"type": "PUSH", "data": {name: value for name, value in data.items() if value is not None}}


def option(name: str, value: Any) -> dict[str, Any]:
    """The `data` fields that hold one extra option."""
    return {"extraOptions": [{"param_name": name, "param_value": value}]}


def request(message: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A body that is accepted, changed by `fields`; what is None is left out."""
    body = {"login": "demo", "password": "demo", "destAddr": "79161234567", "message": message or push()}
    return {name: value for name, value in (body | fields).items() if value is not None}


def cascade(*states_and_messages: Any) -> dict[str, Any] | None:
    """`cascade("READ", message, "DELIVERED", message)`: links within links."""
    if not states_and_messages:
        return None
    state, message, *rest = states_and_messages
    link = {"state": state, "message": message}
    return link | ({"nextLink": cascade(*rest)} if rest else {})


def decide(body: dict[str, Any], partner: PartnerChanged = PARTNER, now_ms: int = NOW) -> AcceptedMessage | Refusal:
    """The decision about a body."""
    try:
        return accept(parsed(SendRequest, body, ""), partner, Senders(), now_ms, draw_id=ids.uuid7)
    except Refused as refused:
        return refused.refusal


def accepted(body: dict[str, Any], **changes: Any) -> MessageRequested:
    """The event; `changes` are changes of the partner."""
    decision = decide(body, PARTNER.replace(**changes))
    assert isinstance(decision, AcceptedMessage), decision
    return decision.request


def first(message: dict[str, Any], **changes: Any) -> Link:
    """The root link of an accepted message."""
    return accepted(request(message), **changes).chain[0]


def refused(body: dict[str, Any], **changes: Any) -> tuple[int, str]:
    """Code and detail."""
    decision = decide(body, PARTNER.replace(**changes))
    assert isinstance(decision, Refusal), decision
    return int(decision.code), decision.detail
