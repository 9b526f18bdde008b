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

`box` holds nonce (12 bytes) and AES-256-GCM ciphertext of one JSON object from JSON Pointer (RFC 6901) to value, with
the event id as associated data. Opening it takes the keys of all who are named: once one of them is erased it stays
shut, and the event still counts but no longer says whom and what it was about. Ids, states, partner, provider and times
are not personal. `personal_parts.py` takes an event apart, `services/runtime/crypto/record_encryption.py` seals it.
Source: docs/design.md §6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from schemas import device_events as devices
from schemas import personal_parts as parts
from schemas.events import Event, InboxChanged, MessageRequested, Planned, ScheduleDue, TargetResolved
from schemas.ids import owner_of_record
from schemas.values import Recipient

NOBODY = parts.NOBODY
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
    """What is personal in a type of event, how it is taken out and put back, and whom the event is about."""

    parts: parts.Parts[Any]
    subjects: Callable[[Any], tuple[Subject, ...]]


def _subjects_of_recipient(event: MessageRequested | TargetResolved | Planned) -> tuple[Subject, ...]:
    """Everybody whom the recipient of a message names. A message that names nobody is sealed for itself alone."""
    scope, recipient = f"partner/{event.partner_id}", event.recipient or _NO_RECIPIENT
    subjects = _persons(scope, recipient.external_user_id, recipient.phone)
    if not subjects and recipient.installation_id:
        subjects = (Subject(scope, "installation", recipient.installation_id),)
    return subjects or (Subject(scope, "message", event.message_id),)


def _subjects_of_due_request(event: ScheduleDue) -> tuple[Subject, ...]:
    return _subjects_of_recipient(event.request)


def _subjects_of_owner(event: parts.OwnerNamed) -> tuple[Subject, ...]:
    return _persons(f"application/{event.application_id}", event.external_user_id, event.phone)


def _subjects_of_owner_record(event: devices.SettingsChanged) -> tuple[Subject, ...]:
    """`claimed_for` is the id of an owner's record."""
    if not event.claimed_for:
        return ()
    return _persons(f"application/{event.application_id}", *owner_of_record(event.application_id, event.claimed_for))


def _subjects_of_owner_key(event: parts.OwnerKeyed) -> tuple[Subject, ...]:
    return (Subject(OWNERS, "owner", event.owner),) if event.owner else ()


def _persons(scope: str, user: str | None, phone: str | None) -> tuple[Subject, ...]:
    found = () if user is None else (Subject(scope, "user", user),)
    return found if phone is None else (*found, Subject(scope, "phone", phone))


_NO_RECIPIENT = Recipient()
_OWNER = Personal(parts.OWNER, _subjects_of_owner)
_OWNER_KEY = Personal(parts.OWNER_KEY, _subjects_of_owner_key)

PERSONAL: Mapping[type[Event], Personal] = {
    MessageRequested: Personal(parts.REQUEST, _subjects_of_recipient),
    ScheduleDue: Personal(parts.DUE_REQUEST, _subjects_of_due_request),
    TargetResolved: Personal(parts.TARGET, _subjects_of_recipient),
    Planned: Personal(parts.PLAN, _subjects_of_recipient),
    devices.Personalized: _OWNER,
    devices.OwnerProofsRevoked: _OWNER,
    devices.InstallationChanged: _OWNER,
    InboxChanged: _OWNER_KEY,
    devices.ActivityTokenRegistered: _OWNER_KEY,
    devices.SettingsChanged: Personal(parts.OWNER_RECORD, _subjects_of_owner_record),
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
        "report-missed",
        "report-asked",
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
        "account-changed",
        "mailing-changed",
        "statistic-part",
        "statistic-changed",
        "broadcast-channel-changed",
        "broadcast-requested",
        "broadcast-dispatched",
    ]
)
"""Types without personal fields: ids, states and times. A test demands every type in one of the two."""
