"""Who logs in on a device and out again, and what a login may take: proofs, the same device installed anew, tokens.

    personalize ─▶ proof given?  ─no─▶ `identity` required: 403 proof-required; accepted, off: the device says so
                     └▶ verified ─no─▶ 401 with the rule, and a pace for those that fail; off: as if none was given
                          └▶ used before? only by the login that stands ─▶ a repeat: nothing changes
                               └▶ Personalized ─▶ older installations of the same device and owner give way
                                              └▶ a token that waits for a proved login comes

Source: docs/device-api.md §2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.types import Scope

from schemas import ids
from schemas.application_events import ApplicationChanged, IdentityKey
from schemas.device_events import (
    Depersonalized,
    DeviceEvent,
    InstallationReplaced,
    LoginProof,
    OwnerProofsRevoked,
    Personalized,
    ProofRevoked,
)
from schemas.topics import DEVICE_EVENTS
from services.registry.bodies import BadField, phone_digits
from services.registry.device_api.bodies import PersonalizeBody
from services.registry.device_api.commands import DeviceCommands, about_new
from services.registry.devices.fold.fold import REMEMBERED_PROOFS
from services.registry.devices.fold.shared import cards_of, tells_devices_apart, was_signed_before
from services.registry.devices.fold.state import Device, Owner
from services.registry.identity.proof import ProofRefused, VerifiedProof, VerifyingKey, verified
from services.runtime import telemetry
from services.runtime.access.device_pace import DevicePace
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import CannotOpen, Secrets
from services.runtime.http.server import Problem
from services.runtime.log.kafka import Append

log = telemetry.logger("login")
_PROOF = "login-proof"


@dataclass(frozen=True)
class LoginCommands:
    """One for each process."""

    commands: DeviceCommands
    pace: DevicePace

    async def personalize(self, device: Device, body: PersonalizeBody, scope: Scope) -> Device:
        """Raises BadField, and Problem 401, 403 or 429."""
        application = self.commands.directory.applications[device.application_id]
        said = _owner_said(body)
        try:
            proven = await self._proven(application, device, said, body.proof)
        except ProofRefused as refused:
            telemetry.LOGIN_PROOFS.labels(refused.rule).inc()
            if application.identity != "off":
                self.pace.proof_failed(scope, device.installation_id)
                raise Problem(
                    401, "Proof of login refused", errors=[{"field": "proof", "rule": str(refused)}]
                ) from None
            proven = None
        if proven is None and application.identity == "required":
            telemetry.LOGIN_PROOFS.labels("missing").inc()
            raise Problem(403, "Proof of login required", "personalize takes `proof`", kind="proof-required")
        owner = said if proven is None else Owner(external_user_id=proven.external_user_id, phone=proven.phone)
        if owner == Owner():
            raise BadField("externalUserId", "this or phone must be given")
        device = await self._logged_in(device, owner, proven, application)
        waits = device.claim is not None and device.claim.value and device.claim.card is None
        return await self.commands.claim(device) if body.primary or waits else device

    async def depersonalize(self, device: Device) -> Device:
        if device.owner is None:
            return device
        return await self.commands.change(Depersonalized(**about_new(device)))

    async def revoke(
        self, users: Sequence[str], phones: Sequence[str], applications: Sequence[str], by: str
    ) -> list[str]:
        """End the proofs of these owners in these applications, used or not; the installations that had one."""
        named = [{"external_user_id": user} for user in users] + [{"phone": phone} for phone in phones]
        events = [
            OwnerProofsRevoked(
                event_id=ids.uuid7(),
                at=now_ms(),
                application_id=application,
                by=by,
                external_user_id=owner.get("external_user_id"),
                phone=owner.get("phone"),
            )
            for application in applications
            for owner in named
        ]
        await self.commands.sink.append([Append(DEVICE_EVENTS, event.event_id, event) for event in events])
        devices = await self.commands.devices.revoke(events)
        for owner in named:
            for name, value in owner.items():  # by a server whose clock is ahead
                found = await self.commands.devices.proved(name, value, applications)
                devices |= {one.installation_id: one for one in found}
        await self.commands.change_all([ProofRevoked(**about_new(one), by=by) for one in devices.values()])
        return sorted(devices)

    async def _proven(
        self, application: ApplicationChanged, device: Device, said: Owner, proof: str | None
    ) -> VerifiedProof | None:
        """What the proof says, as far as it may be used here and now. Raises ProofRefused."""
        if proof is None:
            return None
        keys = [one for key in application.identity_keys if (one := _verifying(key, self.commands.secrets)) is not None]
        proven = verified(proof, keys, application.application_id, device.installation_id, now_ms())
        names = ((said.external_user_id, proven.external_user_id), (said.phone, proven.phone))
        if any(given is not None and given != proved for given, proved in names):
            raise ProofRefused("subject", "externalUserId and phone must equal those of the proof, or be absent")
        digests = self.commands.secrets.digests(proven.signed, _PROOF)
        if device.proof is not None and device.proof.digest in digests:
            return proven
        used = device.proofs_used
        is_older = len(used) >= REMEMBERED_PROOFS and proven.signed_at < min(one.cutoff for one in used)
        if is_older or any(one.digest in digests for one in used):
            raise ProofRefused("used", "was used on this installation before another login or a logout: sign a new one")
        owners = cards_of(application.application_id, proven.external_user_id, proven.phone)
        revoked = (await self.commands.devices.revocations.of(owners)).values()
        if was_signed_before(proven.signed_at, max(device.stamps.get("revoked", ""), *revoked, "")):
            raise ProofRefused("revoked", "was signed before the proofs of its owner were revoked")
        return proven

    async def _logged_in(
        self, device: Device, owner: Owner, proven: VerifiedProof | None, application: ApplicationChanged
    ) -> Device:
        """A login without proof leaves that of the same owner as it stands."""
        digest = self.commands.secrets.digest(proven.signed, _PROOF) if proven is not None else ""
        is_repeat = device.proof is not None and device.proof.digest == digest
        if owner == device.owner and (proven is None or is_repeat):
            return device
        proof = None
        if proven is not None:
            proof = LoginProof(signed_at=proven.signed_at, kid=proven.kid, digest=digest)
        telemetry.LOGIN_PROOFS.labels("unproved" if proof is None else "proved").inc()
        counts = proof is not None or application.identity == "off"
        stale = await self._giving_way(device, owner, counts)
        about = about_new(device)
        login = Personalized(
            **about,
            external_user_id=owner.external_user_id,
            phone=owner.phone,
            proof=proof,
            replaces=tuple(sorted(one.installation_id for one in stale)),
        )
        events: list[DeviceEvent] = [login]
        by = device.installation_id
        events += [InstallationReplaced(**about_new(one), by_installation_id=by) for one in stale]
        device = (await self.commands.change_all(events))[by]
        return await self.commands.take_waiting_token(device) if counts else device

    async def _giving_way(self, device: Device, owner: Owner, counts: bool) -> list[Device]:
        """Older installations of the same device and owner; what is proved gives way to what is proved only."""
        if not tells_devices_apart(device.device_id):
            return []
        found = await self.commands.devices.of_same_device(device, owner)
        return [one for one in found if counts or not one.is_proved]


def _owner_said(body: PersonalizeBody) -> Owner:
    return Owner(external_user_id=body.external_user_id, phone=phone_digits(body.phone))


def _verifying(key: IdentityKey, secrets: Secrets) -> VerifyingKey | None:
    """None for a secret that this process cannot open: a master key that is missing is the operator's to mend."""
    if key.public is not None:
        return VerifyingKey(key.kid, key.alg, _loaded(key.public))
    try:
        return VerifyingKey(key.kid, key.alg, secrets.open(key.sealed or "", b"identity"))
    except CannotOpen:
        log.exception("a secret for proofs of login cannot be opened", kid=key.kid)
        return None


@lru_cache(maxsize=1024)
def _loaded(pem: str) -> object:
    return load_pem_public_key(pem.encode())
