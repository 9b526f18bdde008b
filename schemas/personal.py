"""What is personal in an event: stated once, and sealed in the log under the keys of those it is about.

    type                  personal, and what stands there instead in the log        sealed for
    message-requested     recipient, the extras (`message_fields.py`),              user, phone or installation,
                          of each link content and data                             within the partner
    schedule-due          the same, of its request                                  the same
    target-resolved       recipient, content, recipient_mark,                       the same
                          phone and data for the channel
    planned               recipient, the owner of each target                       the same
    personalized,         user and phone                                            user and phone,
    installation-changed,                                                           within the application
    owner-proofs-revoked
    settings-changed      claimed_for, which names the owner                        the owner
    inbox-changed,        owner                                                     the owner's key
    activity-token-registered

A record in the log is the event without these fields, so a reader without keys sees a valid event, and `personal`:

    "personal": {"keys": ["<recipient>.<scope>.<generation>", …], "box": "<base64>"}

`box` holds nonce (12 bytes) and AES-256-GCM ciphertext of a JSON object from JSON Pointer (RFC 6901) to value, with the
event id as associated data. It takes the keys of all who are named to open it: whoever of them is forgotten, it stays
shut, and the event then counts, but says of whom and what no more. Ids, states, partner, provider and times are not
personal. `services/runtime/crypto/record_encryption.py` does it. Source: docs/design.md §6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from schemas.message_fields import NO_EXTRAS

NOBODY = "-"
"""Stands for a recipient's mark in the log: no owner has it, so what cannot be opened is sent to nobody."""

OWNERS = "owners"
"""The scope of owner's keys: they differ by application anyway."""

Kind = Literal["user", "phone", "installation", "owner", "message"]
"""`owner` is an `ids.owner_key_of`: where only a hash of user or phone is known, which a guess can be checked by."""


class Subject(NamedTuple):
    """Whom a record is about. `scope` is "partner/<id>" or "application/<id>": each forgets for itself."""

    scope: str
    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class Personal:
    """`fields`: path to what stands in the log instead (None: nothing); `*` is every entry of a list."""

    fields: Mapping[tuple[str, ...], Any]
    subjects: Callable[[Mapping[str, Any]], tuple[Subject, ...]]


def _subjects_of_recipient(event: Mapping[str, Any]) -> tuple[Subject, ...]:
    """Of a message: everybody its recipient names. One that names nobody is sealed for itself alone."""
    scope, named = f"partner/{event['partner_id']}", event.get("recipient") or {}
    found = _persons(scope, named.get("external_user_id"), named.get("phone"))
    if not found and named.get("installation_id"):
        found = (Subject(scope, "installation", named["installation_id"]),)
    return found or (Subject(scope, "message", event["message_id"]),)


def _subjects_of_owner(event: Mapping[str, Any]) -> tuple[Subject, ...]:
    return _persons(f"application/{event['application_id']}", event.get("external_user_id"), event.get("phone"))


def _subjects_of_card(event: Mapping[str, Any]) -> tuple[Subject, ...]:
    """`claimed_for` is "<application>/u/<user>" or "<application>/p/<phone>"."""
    scope = f"application/{event['application_id']}"
    card = event.get("claimed_for")
    if not card:
        return ()
    kind, _, value = card.removeprefix(f"{event['application_id']}/").partition("/")
    return (Subject(scope, "user" if kind == "u" else "phone", value),)


def _subjects_of_owner_key(event: Mapping[str, Any]) -> tuple[Subject, ...]:
    return (Subject(OWNERS, "owner", event["owner"]),) if event.get("owner") else ()


def _persons(scope: str, user: str | None, phone: str | None) -> tuple[Subject, ...]:
    found = () if user is None else (Subject(scope, "user", user),)
    return found if phone is None else (*found, Subject(scope, "phone", phone))


_EMPTY_TEXT = {"text": ""}
_REQUEST: dict[tuple[str, ...], Any] = {
    ("recipient",): {},
    ("chain", "*", "content"): _EMPTY_TEXT,
    ("chain", "*", "data"): None,
    **{(name,): None for name in NO_EXTRAS},
}
_OWNER_KEY = Personal({("owner",): NOBODY}, _subjects_of_owner_key)
_OWNER = Personal({("external_user_id",): None, ("phone",): None}, _subjects_of_owner)

PERSONAL: Mapping[str, Personal] = {
    "message-requested": Personal(_REQUEST, _subjects_of_recipient),
    "schedule-due": Personal(
        {("request", *path): instead for path, instead in _REQUEST.items()},
        lambda event: _subjects_of_recipient(event["request"]),
    ),
    "target-resolved": Personal(
        {
            ("recipient",): None,
            ("content",): _EMPTY_TEXT,
            ("recipient_mark",): NOBODY,
            ("channel", "phone"): "",
            ("channel", "data"): "{}",
        },
        _subjects_of_recipient,
    ),
    "planned": Personal({("recipient",): None, ("targets", "*", "owner"): None}, _subjects_of_recipient),
    "personalized": _OWNER,
    "owner-proofs-revoked": _OWNER,
    "installation-changed": _OWNER,
    "inbox-changed": _OWNER_KEY,
    "activity-token-registered": _OWNER_KEY,
    "settings-changed": Personal({("claimed_for",): None}, _subjects_of_card),
}
"""By the type of the event."""

IMPERSONAL = frozenset(
    [
        "installed",
        "token-registered",
        "token-removed",
        "token-retired",
        "token-worked",
        "push-to-start-token-registered",
        "activity-ended",
        "push-to-start-token-removed",
        "depersonalized",
        "installation-replaced",
        "proof-revoked",
        "app-started",
        "cancel-requested",
        "provider-dispatched",
        "scheduled",
        "held",
        "cancel-refused",
        "request-repeated",
        "receipt-received",
        "provider-told",
        "deadline-passed",
        "report-attempted",
        "link-clicked",
        "message-failed",
        "channel-reported",
        "partner-changed",
        "sender-changed",
        "application-changed",
        "credentials-changed",
        "stop-changed",
        "recipient-forgotten",
        "operator-token-changed",
        "mailing-changed",
        "delivery-counted",
        "statistic-part",
        "statistic-changed",
        "broadcast-channel-changed",
        "broadcast-requested",
        "broadcast-dispatched",
    ]
)
"""Types that hold nothing of any recipient: ids, states and times. A test wants every type in one of the two."""
