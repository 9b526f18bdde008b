"""Who logs in on a device and out again, and what a login may take: proofs, the same device installed anew, tokens.

    personalize ─▶ proof given?  ─no─▶ `identity` required: 403 proof-required; accepted, off: the device says so
                     └▶ verified ─no─▶ 401 with the rule, and a pace for those that fail; off: as if none was given
                          └▶ used before? only by the current login ─▶ a repeat: nothing changes
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
    InstallationReplaced,
    LoginProof,
    OwnerProofsRevoked,
    Personalized,
    ProofRevoked,
)
from schemas.topics import DEVICE_EVENTS
from services.registry.bodies import BadField, phone_digits
from services.registry.device_api.bodies import PersonalizeBody
from services.registry.device_api.commands import DeviceCommands
from services.registry.device_api.token_commands import TokenCommands
from services.registry.devices import (
    REMEMBERED_PROOFS,
    Device,
    Owner,
    carried,
    next_event,
    record_ids,
    tells_devices_apart,
    was_signed_before,
)
from services.registry.identity import ProofRefused, VerifiedProof, VerifyingKey, verified
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
    """Logs owners in and out, and revokes their proofs."""

    commands: DeviceCommands
    pace: DevicePace

    async def personalize(self, device: Device, body: PersonalizeBody, scope: Scope) -> Device:
        """Log in the owner whom the body or its proof names. Raises BadField, and Problem 401, 403 or 429."""
        application = self.commands.directory.applications[device.application_id]
        claimed = Owner(external_user_id=body.external_user_id, phone=phone_digits(body.phone))
        try:
            proven = await self._proven(application, device, claimed, body.proof)
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
        owner = claimed if proven is None else Owner(external_user_id=proven.external_user_id, phone=proven.phone)
        if owner == Owner():
            raise BadField("externalUserId", "this or phone must be given")
        device = await self._logged_in(device, owner, proven, application)
        return await self.commands.claim_primary(device) if body.primary or device.waits_for_primary else device

    async def depersonalize(self, device: Device) -> Device:
        if device.owner is None:
            return device
        return await self.commands.change(next_event(Depersonalized, device))

    async def revoke(
        self, users: Sequence[str], phones: Sequence[str], applications: Sequence[str], by: str
    ) -> list[str]:
        """End the proofs of these owners in these applications, used or not; returns the installations that had one."""
        named = [("external_user_id", user) for user in users] + [("phone", phone) for phone in phones]
        events = [
            OwnerProofsRevoked(
                event_id=ids.uuid7(),
                at=now_ms(),
                application_id=application,
                by=by,
                external_user_id=value if field == "external_user_id" else None,
                phone=value if field == "phone" else None,
            )
            for application in applications
            for field, value in named
        ]
        await self.commands.sink.append([Append(DEVICE_EVENTS, event.event_id, event) for event in events])
        devices = await self.commands.devices.revoke(events)
        for field, value in named:  # proved by a server whose clock is ahead
            found = await self.commands.devices.search.proved(field, value, applications)
            devices |= {device.installation_id: device for device in found}
        await self.commands.change_all([next_event(ProofRevoked, device, by=by) for device in devices.values()])
        return sorted(devices)

    async def _proven(
        self, application: ApplicationChanged, device: Device, claimed: Owner, proof: str | None
    ) -> VerifiedProof | None:
        """The proof, verified and not used up or revoked; None where none was given. Raises ProofRefused."""
        if proof is None:
            return None
        keys = [_verifying(key, self.commands.secrets) for key in application.identity_keys]
        proven = verified(
            proof,
            [key for key in keys if key is not None],
            application.application_id,
            device.installation_id,
            now_ms(),
        )
        names = ((claimed.external_user_id, proven.external_user_id), (claimed.phone, proven.phone))
        if any(given is not None and given != proved for given, proved in names):
            raise ProofRefused("subject", "externalUserId and phone must equal those of the proof, or be absent")
        digests = self.commands.secrets.digests(proven.signed, _PROOF)
        if device.proof is not None and device.proof.digest in digests:
            return proven
        used = device.proofs_used
        is_older = len(used) >= REMEMBERED_PROOFS and proven.signed_at < min(mark.cutoff for mark in used)
        if is_older or any(mark.digest in digests for mark in used):
            raise ProofRefused("used", "was used on this installation before another login or a logout: sign a new one")
        owners = record_ids(application.application_id, proven.external_user_id, proven.phone)
        revoked = (await self.commands.devices.revocations.read(owners)).values()
        if was_signed_before(proven.signed_at, max(device.stamps.get("revoked", ""), *revoked, "")):
            raise ProofRefused("revoked", "was signed before the proofs of its owner were revoked")
        return proven

    async def _logged_in(
        self, device: Device, owner: Owner, proven: VerifiedProof | None, application: ApplicationChanged
    ) -> Device:
        """The installation after the login. A login without proof leaves a proved login of the same owner as it is."""
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
        tokens = TokenCommands(self.commands)
        gone = {other.installation_id for other in stale}.union(await tokens.given_way(device))
        login = next_event(
            Personalized,
            device,
            external_user_id=owner.external_user_id,
            phone=owner.phone,
            proof=proof,
            replaces=sorted(gone),
        )
        by = device.installation_id
        replaced = [next_event(InstallationReplaced, other, by_installation_id=by) for other in stale]
        prohibitions = [event for other in stale for event in carried(device, other)]
        device = (await self.commands.change_all([*prohibitions, login, *replaced]))[by]
        return await tokens.take_waiting(device) if counts else device

    async def _giving_way(self, device: Device, owner: Owner, counts: bool) -> list[Device]:
        """Older installations of the same device and owner; what is proved gives way to what is proved only."""
        if not tells_devices_apart(device.device_id):
            return []
        found = await self.commands.devices.search.of_same_device(device, owner)
        return [other for other in found if counts or not other.is_proved]


def _verifying(key: IdentityKey, secrets: Secrets) -> VerifyingKey | None:
    """The key in the form that verifies; None for a secret that this process lacks the master key for."""
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
