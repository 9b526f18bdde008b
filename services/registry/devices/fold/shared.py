"""What installations share, and how it settles the state of one: who holds a token, who the primary mark. Pure.

    token holder    "<stamp>/<installation>" of the newest registration of a token      greatest wins
    primary, revocation                                                                  see `owners.py`

An installation keeps its token only while no other one registered it later, and is primary while it holds the mark of
its owner's record and has not released it. Its login is proved unless the login was, or its proof was signed, before
the proofs of its owner were revoked. Source: docs/design.md §6.
"""

from collections.abc import Iterable, Sequence

from schemas.device_events import DeviceEvent, Personalized, TokenRegistered
from services.registry.devices.fold.fold import stamp_of
from services.registry.devices.fold.imported import register_stamp
from services.registry.devices.fold.owners import primary_record_id, record_ids, was_signed_before
from services.registry.devices.fold.state import Device, Stamp, holder

Registers = dict[str, str]
"""Registers of tokens, primary marks and revocations, by `token_key`, record id and `revocation_key`."""


def token_key(application_id: str, digest: str) -> str:
    """The name of a token's register."""
    return f"{application_id}/{digest}"


def revocation_key(record_id: str) -> str:
    """The name of the register of an owner's revocations."""
    return f"revoked/{record_id}"


def token_holders(events: Iterable[DeviceEvent]) -> dict[str, str]:
    """The newest holder of each token that these events register, by `token_key`."""
    found: dict[str, str] = {}
    for event in events:
        if isinstance(event, TokenRegistered) and not event.waits:
            newest = holder(register_stamp(event, stamp_of(event)), event.installation_id)
            for digest in (event.digest, *event.former_digests):
                key = token_key(event.application_id, digest)
                found[key] = max(newest, found.get(key, ""))
    return found


def installation_of(register: str) -> str:
    """The installation that a register of a token or mark names; empty: none."""
    return register.rpartition("/")[2]


def installations_in(registers: Iterable[str]) -> set[str]:
    """The installations that these registers name."""
    return {installation_of(register) for register in registers if register}


def settled_by(device: Device, registers: Registers) -> Device:
    """The installation, with the facts that it shares with others as these registers have them."""
    token = device.token
    token_holder = registers.get(token_key(device.application_id, token.digest)) if token is not None else None
    owners = record_ids(device.application_id, device.external_user_id, device.phone)
    revoked = max((registers.get(revocation_key(record_id), "") for record_id in owners), default="")
    primary = registers.get(primary_record_id(device.application_id, device.owner) or "")
    return settled(device, token_holder, primary, revoked)


def settled(device: Device, token_holder: str | None, primary: str | None, revoked: Stamp = "") -> Device:
    """The same, where each register is given: None or empty means that it has no holder."""
    proof, token = device.proof, device.token
    if proof is not None and (device.stamps["owner"] < revoked or was_signed_before(proof.signed_at, revoked)):
        proof = None
    if token is not None and token_holder:
        stamp, _, installation_id = token_holder.rpartition("/")
        if installation_id != device.installation_id and stamp > device.stamps["token"]:
            token = None
    has_mark = installation_of(primary or "") == device.installation_id
    is_primary = has_mark and device.owner is not None and device.claims_primary
    if (proof, token, is_primary) == (device.proof, device.token, device.primary):
        return device
    return device.replace(proof=proof, token=token, primary=is_primary)


def needs_revocations(events: Sequence[DeviceEvent] | None) -> bool:
    """Whether an installation has to be settled with the revocations of its owner after these events.

    A login with proof may come later than its revocation; nothing else makes an installation proved. None: it is
    settled because something that it shares has changed.
    """
    return events is None or any(isinstance(event, Personalized) and event.proof is not None for event in events)
