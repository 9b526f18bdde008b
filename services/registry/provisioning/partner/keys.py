"""The keys of a partner, drawn anew and withdrawn: by an operator, or by the partner itself. Each is told once.

api key      in place of the password         the one before works until the next is drawn
batch key    of packets                       likewise
report key   signs reports                    the one before signs too, until it is dropped or the next is drawn
"""

import secrets as random_secrets
import string
from dataclasses import dataclass

from schemas.application_events import PartnerChanged
from services.registry.provisioning.partner_bodies import ReportKeyView, SecretView, webhook_secret_of
from services.registry.provisioning.service import Provisioning, Stamp
from services.runtime.access.logins import API_KEY
from services.runtime.crypto.master_key import Secrets

_BATCH_KEY_LENGTH = 30


@dataclass(frozen=True, slots=True)
class PartnerKeys:
    """`by` is who asks for it, `if_match` the version that was read. Raises Problem as `change_partner`."""

    provisioning: Provisioning
    secrets: Secrets

    async def report_key(self, partner_id: str, by: str, if_match: str | None) -> ReportKeyView:
        key = random_secrets.token_urlsafe(32)
        sealed = self.secrets.seal(key.encode(), b"report-key")

        def change(partner: PartnerChanged, stamp: Stamp) -> PartnerChanged:
            return stamp.on(partner, report_key_sealed=sealed, report_key_before_sealed=partner.report_key_sealed)

        partner = await self.provisioning.change_partner(partner_id, change, by=by, if_match=if_match)
        return ReportKeyView(key=key, version=partner.event_id, webhook_secret=webhook_secret_of(key))

    async def drop_old_report_key(self, partner_id: str, by: str, if_match: str | None) -> PartnerChanged:
        def change(partner: PartnerChanged, stamp: Stamp) -> PartnerChanged:
            return stamp.on(partner, report_key_before_sealed=None)

        return await self.provisioning.change_partner(partner_id, change, by=by, if_match=if_match)

    async def batch_key(self, partner_id: str, by: str, if_match: str | None, given: str | None = None) -> SecretView:
        """`given`: instead of one that is drawn."""
        letters = string.ascii_letters + string.digits
        key = given or "".join(random_secrets.choice(letters) for _ in range(_BATCH_KEY_LENGTH))
        digest = self.secrets.digest(key, "batch-key")

        def change(partner: PartnerChanged, stamp: Stamp) -> PartnerChanged:
            digests = (digest, *(old for old in partner.batch_key_digests[:1] if old != digest))
            return stamp.on(partner, batch_key_digests=digests)

        partner = await self.provisioning.change_partner(partner_id, change, by=by, if_match=if_match)
        return SecretView(key=key, version=partner.event_id)

    async def api_key(self, partner_id: str, by: str, if_match: str | None) -> SecretView:
        key = f"rpns_{random_secrets.token_urlsafe(32)}"
        digest = self.secrets.digest(key, API_KEY)

        def change(partner: PartnerChanged, stamp: Stamp) -> PartnerChanged:
            return stamp.on(partner, api_key_digests=(digest, *partner.api_key_digests[:1]))

        partner = await self.provisioning.change_partner(partner_id, change, by=by, if_match=if_match)
        return SecretView(key=key, version=partner.event_id)

    async def withdraw_api_keys(self, partner_id: str, by: str, if_match: str | None) -> PartnerChanged:
        def change(partner: PartnerChanged, stamp: Stamp) -> PartnerChanged:
            return stamp.on(partner, api_key_digests=())

        return await self.provisioning.change_partner(partner_id, change, by=by, if_match=if_match)
