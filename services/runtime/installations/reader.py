"""The one shared read: the registry's installations, looked up in batches by router and dispatch, and by status for
the device that calls.

The registry writes these documents (`services/registry/devices/store.py`); nobody else does. Collection
`installations`:

    _id                installation id          application_id, platform, app_version, time_zone, last_used_at
    token              null, or {provider, sealed, digest, environment, bundle, variant, registered_at, worked,
                       worked_under, server_key}
    owner              null, or {external_user_id, phone}
    proof              null, or {signed_at, kid, digest}: of the owner's login
    replaces           installations of the same device that gave way to that login
    primary            true for at most one installation of a user
    push_enabled, push_os_enabled, subscriptions: [{id, name, value, …}]
    live               [{slot, token: null or {sealed, digest, environment, bundle, owner, expires_at, …}}]

Collection `cards`: one for each user or phone that was ever seen, `_id` "<application>/u/<user id>" or
"<application>/p/<phone>": it tells "unknown" (errorCode 19, 20) from "no installation" (22).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.providers import Platform, Provider
from services.runtime.installations.model import Address, Installation, LiveToken, Token
from services.runtime.mongo import Database, read_only

_PLANNED_BY = (
    *("application_id", "platform", "app_version", "time_zone", "last_used_at", "owner", "primary", "replaces"),
    *("push_enabled", "push_os_enabled", "subscriptions.id", "subscriptions.name", "subscriptions.value"),
    *("token.provider", "token.server_key", "token.registered_at", "token.worked", "token.worked_under"),
    *("live.slot", "live.token.owner", "live.token.expires_at", "live.token.registered_at", "proof.signed_at"),
)
"""What planning reads of a document. The rest, registers and sealed tokens, is three quarters of it, and what is not
read is not sent and not decoded."""
_FIELDS = dict.fromkeys(_PLANNED_BY, 1)


class Installations:
    """Batched look-ups; every call is one or two queries however many are asked for."""

    def __init__(self, database: Database) -> None:
        self._installations = read_only(database["installations"])
        self._cards = read_only(database["cards"])

    async def by_ids(self, ids: Iterable[str]) -> dict[str, Installation]:
        """The installations that exist, by id."""
        wanted = list(set(ids))
        query = {"_id": {"$in": wanted}, "platform": {"$ne": None}}  # without one: its install has not been read yet
        documents = await self._installations.find(query).to_list(None)
        return {document["_id"]: from_document(document) for document in documents}

    async def to_push(self, ids: Iterable[str]) -> dict[str, Installation]:
        """The installations that exist, by id, as whoever pushes needs them: the token, whose it is, what seals values
        to the device. What plans go by (subscriptions, switches, version, time zone) is not read, and has its default.
        """
        query = {"_id": {"$in": list(set(ids))}, "platform": {"$ne": None}}
        documents = await self._installations.find(query, _PUSHED).to_list(None)
        return {document["_id"]: _to_push(document) for document in documents}

    async def by_addresses(self, addresses: Iterable[Address]) -> dict[Address, list[Installation]]:
        """All installations of each address, the last used first; an empty list for nobody. They have what planning
        reads: their tokens cannot be sent to."""
        found: dict[Address, list[Installation]] = {address: [] for address in addresses}
        wanted: dict[str, tuple[list[str], list[str]]] = {}
        alone = [address.installation_id for address in found if address.installation_id is not None]
        for installation in (await self.by_ids(alone)).values() if alone else ():
            address = Address(installation.application_id, None, None, installation.installation_id)
            if address in found:
                found[address].append(installation)
        for address in found:
            users, phones = wanted.setdefault(address.application_id, ([], []))
            if address.external_user_id is not None:
                users.append(address.external_user_id)
            elif address.phone is not None:
                phones.append(address.phone)
        for application_id, (users, phones) in wanted.items():
            for installation in await self._owned(application_id, "owner.external_user_id", users):
                found[Address(application_id, installation.external_user_id, None)].append(installation)
            for installation in await self._owned(application_id, "owner.phone", phones):
                found[Address(application_id, None, installation.phone)].append(installation)
        for installations in found.values():
            installations.sort(key=_last_used_first)
        return found

    async def _owned(self, application_id: str, field: str, values: list[str]) -> list[Installation]:
        if not values:
            return []
        query = {"application_id": application_id, field: {"$in": values}, "platform": {"$ne": None}}
        documents = await self._installations.find(query, _FIELDS).batch_size(10_000).to_list(None)
        return [from_document(document) for document in documents]

    async def known(self, addresses: Iterable[Address]) -> set[Address]:
        """The addresses that have a card, even if they have no installations."""
        cards = {address.record_id: address for address in addresses}
        if not cards:
            return set()
        documents = await self._cards.find({"_id": {"$in": list(cards)}}, {"_id": 1}).to_list(None)
        return {cards[document["_id"]] for document in documents}


_PLATFORMS = {platform.value: platform for platform in Platform}
_NONE: frozenset[str] = frozenset()
_NOBODY: Mapping[str, Any] = {}
_PROVIDERS = {provider.value: provider for provider in Provider}


_PUSHED = dict.fromkeys(("application_id", "platform", "token", "owner", "live", "public_key", "proof"), 1)


_VERSION_ZONE_USED = ("", "", 0)
_SWITCHES = (False, True, True, _NONE)


def _to_push(document: Mapping[str, Any]) -> Installation:
    """A document of `_PUSHED` fields. By position, which costs half of what names do."""
    token, owner, live = document.get("token"), document.get("owner") or _NOBODY, document.get("live")
    made = (
        document["_id"],
        document["application_id"],
        _PLATFORMS[document["platform"]],
        *_VERSION_ZONE_USED,
        _token(token) if token else None,
        owner.get("external_user_id"),
        owner.get("phone"),
        *_SWITCHES,
        document.get("public_key"),
        "",
        _NONE,
        tuple([_live(entry["slot"], entry["token"], token) for entry in live if entry.get("token")]) if live else (),
        document.get("proof") is not None,
        (),
    )
    return Installation._make(made)


def from_document(document: Mapping[str, Any]) -> Installation:
    """The document as the registry wrote it; fields that came later have their defaults."""
    token, owner = document.get("token"), document.get("owner") or {}
    subscriptions, live = document.get("subscriptions"), document.get("live")
    on = [entry for entry in subscriptions if entry.get("value")] if subscriptions else ()
    return Installation(
        installation_id=document["_id"],
        application_id=document["application_id"],
        platform=_PLATFORMS[document["platform"]],
        app_version=document.get("app_version", ""),
        time_zone=document.get("time_zone", ""),
        last_used_at=document.get("last_used_at", 0),
        token=_token(token) if token else None,
        external_user_id=owner.get("external_user_id"),
        phone=owner.get("phone"),
        primary=document.get("primary", False),
        push_enabled=document.get("push_enabled", True),
        push_os_enabled=document.get("push_os_enabled", True),
        subscriptions=frozenset(name for entry in on for name in (entry["id"], entry.get("name")) if name)
        if on
        else _NONE,
        public_key=document.get("public_key"),
        proof_hash=document.get("proof_hash", ""),
        subscriptions_off=frozenset(entry["id"] for entry in subscriptions if not entry.get("value"))
        if subscriptions
        else _NONE,
        live=tuple(_live(entry["slot"], entry["token"], token) for entry in live if entry.get("token")) if live else (),
        is_proved=document.get("proof") is not None,
        replaces=tuple(document.get("replaces", ())),
    )


def _last_used_first(installation: Installation) -> tuple[int, str]:
    return -installation.last_used_at, installation.installation_id


def _live(slot: str, document: Mapping[str, Any], push_token: Mapping[str, Any] | None) -> LiveToken:
    """Whether such a token works is learnt of the device: its push token speaks for it."""
    of_push = (
        {name: push_token[name] for name in ("worked", "worked_under") if name in push_token} if push_token else {}
    )
    token = _token({**document, "provider": Provider.APNS.value, **of_push})
    return LiveToken(slot, token, document.get("owner", ""), document.get("expires_at"))


def _token(document: Mapping[str, Any]) -> Token:
    return Token(
        provider=_PROVIDERS[document["provider"]],
        sealed=document.get("sealed", ""),  # nor the digest, where only what planning needs was read
        digest=document.get("digest", ""),
        registered_at=document["registered_at"],
        environment=document.get("environment"),
        bundle=document.get("bundle"),
        variant=document.get("variant"),
        worked=document.get("worked", False),
        worked_under=document.get("worked_under", ""),
        server_key=document.get("server_key"),
    )
