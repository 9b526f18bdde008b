"""The personal fields of each event, which are sealed in the log under the keys of those whom they are about.

    type                  personal fields                                           sealed for
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
event id as associated data. Opening it takes the keys of all who are named: once one of them is erased it stays shut,
and the event still counts but no longer says whom and what it was about. Ids, states, partner, provider and times are
not personal. `services/runtime/crypto/record_encryption.py` does it. Source: docs/design.md §6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from schemas.ids import owner_of_record
from schemas.message_fields import NO_EXTRAS

NOBODY = "-"
"""Replaces a recipient's mark in the log: no owner has it, so what cannot be opened is sent to nobody."""

OWNERS = "owners"
"""The scope of owners' keys, which differ by application anyway."""

Kind = Literal["user", "phone", "installation", "owner", "message"]
"""`owner` is an `ids.owner_key_of`, where only this hash of user or phone is known. It is personal: guesses can be
checked against it."""


class Subject(NamedTuple):
    """A person whom a record is about. `scope` is "partner/<id>" or "application/<id>": each erases for itself."""

    scope: str
    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class Personal:
    """The personal fields of a type. `fields`: path to its replacement in the log (None: nothing); `*` is every entry
    of a list. `subjects`: whom an event is about."""

    fields: Mapping[tuple[str, ...], Any]
    subjects: Callable[[Mapping[str, Any]], tuple[Subject, ...]]


def _subjects_of_recipient(event: Mapping[str, Any]) -> tuple[Subject, ...]:
    """Everybody whom the recipient of a message names. A message that names nobody is sealed for itself alone."""
    scope, recipient = f"partner/{event['partner_id']}", event.get("recipient") or {}
    subjects = _persons(scope, recipient.get("external_user_id"), recipient.get("phone"))
    if not subjects and recipient.get("installation_id"):
        subjects = (Subject(scope, "installation", recipient["installation_id"]),)
    return subjects or (Subject(scope, "message", event["message_id"]),)


def _subjects_of_owner(event: Mapping[str, Any]) -> tuple[Subject, ...]:
    return _persons(f"application/{event['application_id']}", event.get("external_user_id"), event.get("phone"))


def _subjects_of_owner_record(event: Mapping[str, Any]) -> tuple[Subject, ...]:
    """`claimed_for` is the id of an owner's record."""
    application_id, record_id = event["application_id"], event.get("claimed_for")
    if not record_id:
        return ()
    return _persons(f"application/{application_id}", *owner_of_record(application_id, record_id))


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
    "settings-changed": Personal({("claimed_for",): None}, _subjects_of_owner_record),
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
        "audited",
        "partner-changed",
        "sender-changed",
        "application-changed",
        "credentials-changed",
        "stop-changed",
        "recipient-forgotten",
        "operator-token-changed",
        "mailing-changed",
        "statistic-part",
        "statistic-changed",
        "broadcast-channel-changed",
        "broadcast-requested",
        "broadcast-dispatched",
    ]
)
"""Types without personal fields: ids, states and times. A test demands every type in one of the two."""
