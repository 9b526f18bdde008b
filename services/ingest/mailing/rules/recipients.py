"""The recipients of a mailing and their messages. Pure; ids are derived, so a repeat gives the same messages.

    message_id   of the line's own id as `/v6/send` derives it, else UUIDv5(mailing, "line/<number>");
                 of a segment UUIDv5(mailing, owner or installation)
    event_id     UUIDv5(message_id, "mailing/<mailing>/<cursor>")

A line's own id shares the name space of `/v6/send`: what was sent under an id is not sent again. By its event's id a
line that has the id of another one is told from the same line, planned again after a crash.
"""

from typing import NamedTuple

from schemas import ids
from schemas.values import Recipient
from services.ingest.mailing.rules.marked_text import Values
from services.ingest.mailing.rules.rows import Row
from services.ingest.mailing.rules.template import Template
from services.ingest.rules import AcceptedMessage


class MailingRecipient(NamedTuple):
    """One recipient; `key` is unique within the mailing."""

    key: str
    recipient: Recipient
    ref: str | None = None
    values: Values = ()
    cursor: int | str = 0  # of the mailing once this one is planned

    @property
    def line(self) -> int:
        """The number of its line in a list."""
        return int(self.cursor) - 1


def recipient_of(row: Row) -> MailingRecipient:
    """A recipient of a list."""
    recipient = Recipient(phone=row.phone, external_user_id=row.user)
    return MailingRecipient(f"line/{row.line}", recipient, row.ref, row.values, row.line + 1)


def message_id_of(recipient: MailingRecipient, mailing_id: str, partner_uuid: str) -> str:
    ref = recipient.ref
    return ids.uuid5(mailing_id, recipient.key) if ref is None else ids.message_id_of(partner_uuid, ref)


def owner_of(mailing_id: str, recipient: MailingRecipient) -> str:
    """By what the claim of its id is known as this recipient's."""
    return f"{mailing_id}/{recipient.key}"


def expand(
    template: Template, recipient: MailingRecipient, mailing_id: str, partner_uuid: str, now_ms: int
) -> AcceptedMessage:
    """The message of one recipient, to be sealed like any other where it holds SECURE values."""
    filled = template.filled(recipient.values)
    message_id = message_id_of(recipient, mailing_id, partner_uuid)
    request = template.request.replace(
        event_id=ids.event_id_of(message_id, f"mailing/{mailing_id}/{recipient.cursor}"),
        at=now_ms,
        message_id=message_id,
        mt_num=ids.mt_num_of(message_id),
        partner_ref=recipient.ref,
        recipient=recipient.recipient,
        chain=filled.chain,
        mailing_id=mailing_id,
        mailing_line=None if recipient.ref is None else recipient.line,
        **filled.extras,
    )
    # the template was accepted when the mailing was made; its chain ends as much later as it is sent later
    return AcceptedMessage(request, filled.secure, template.ends_at + now_ms - template.request.at)
