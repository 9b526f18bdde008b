"""The installations that fit a segment, in the order of their ids: the registry's documents, read page by page.

    query ─▶ page behind a cursor ─▶ of an owner with several that fit: the first by id stands for all of them

So a recipient is found once however many installations fit, no list of recipients is ever held, and a crash goes on
behind the cursor. The documents are described in `reader.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from schemas.application_events import ApplicationChanged
from services.runtime.installations.model import Installation
from services.runtime.installations.reader import from_document
from services.runtime.mongo import Database, Document, read_only

_FITTING = 50
"""Installations of one recipient that take part, as the router has it."""


class Criteria(Protocol):
    """What an installation must be; times in UTC ms; None and empty leave a condition out."""

    @property
    def application_id(self) -> str: ...
    @property
    def platforms(self) -> Sequence[str]: ...
    @property
    def subscriptions(self) -> Sequence[str]: ...
    @property
    def used_from(self) -> int | None: ...
    @property
    def used_until(self) -> int | None: ...
    @property
    def time_zones(self) -> Sequence[str]: ...
    @property
    def has_versions(self) -> bool: ...
    def fits(self, version: str) -> bool: ...


class SegmentMember(NamedTuple):
    """One recipient: the installation that stands for it, and all of its installations that fit."""

    installation: Installation
    fitting: tuple[str, ...]


class Segments:
    """Read only. Every method raises mongo.TRANSIENT_ERRORS."""

    def __init__(self, database: Database) -> None:
        self._installations = read_only(database["installations"])

    async def query(self, criteria: Criteria, application: ApplicationChanged | None) -> Document:
        """What the database is asked. Versions are few, so those that fit are looked up first.

        A subscription is on by the device's word, else by the default of the application's catalogue.
        """
        used = {"$gte": criteria.used_from, "$lt": criteria.used_until}
        query: Document = {
            "application_id": criteria.application_id,
            "platform": {"$in": list(criteria.platforms)} if criteria.platforms else {"$ne": None},
            "token.digest": {"$exists": True},
        }
        if bounds := {name: value for name, value in used.items() if value is not None}:
            query["last_used_at"] = bounds
        if criteria.time_zones:
            query["time_zone"] = {"$in": list(criteria.time_zones)}
        if criteria.subscriptions:
            wanted = list(criteria.subscriptions)
            named = [{name: {"$in": wanted}} for name in ("id", "name")]
            ways: list[Document] = [{"subscriptions": {"$elemMatch": {"value": True, "$or": named}}}]
            for kind in application.subscriptions if application is not None else ():
                if kind.default and (kind.id in wanted or kind.name in wanted):
                    ways.append({"subscriptions.id": {"$ne": kind.id}})
            query["$or"] = ways
        if criteria.has_versions:
            within = {"application_id": criteria.application_id}
            versions = await self._installations.distinct("app_version", within)
            query["app_version"] = {"$in": [version for version in versions if criteria.fits(version)]}
        return query

    async def page(self, query: Document, after: str, limit: int) -> tuple[list[SegmentMember], str | None]:
        """The recipients among the next installations behind `after`, and where to go on; None at the end."""
        found = self._installations.find({**query, "_id": {"$gt": after}}).sort("_id", 1).limit(limit)
        page = [from_document(document) async for document in found]
        if not page:
            return [], None
        mine: dict[tuple[str, str], list[str]] = {}
        for field, owners in _owners(page).items():
            cursor = self._installations.find({**query, field: {"$in": owners}}, {"owner": 1})
            async for document in cursor.sort("_id", 1):
                theirs = mine.setdefault(_owner(document["owner"]), [])
                if len(theirs) < _FITTING:
                    theirs.append(document["_id"])
        recipients = []
        for installation in page:
            owner = _owner({"external_user_id": installation.external_user_id, "phone": installation.phone})
            fitting = mine.get(owner, []) if owner[1] else [installation.installation_id]
            if not fitting or fitting[0] == installation.installation_id:
                recipients.append(SegmentMember(installation, tuple(fitting)))
        return recipients, page[-1].installation_id

    async def count(self, query: Document) -> tuple[int, int]:
        """Installations and recipients that fit. Reads all of them."""
        user = {"$ifNull": ["$owner.external_user_id", None]}
        phone = {"$cond": [{"$eq": [user, None]}, "$owner.phone", None]}
        group = {"_id": {"u": user, "p": phone}, "n": {"$sum": 1}}
        nobody: Mapping[str, Any] = {}
        installations = recipients = 0
        pipeline: list[Mapping[str, Any]] = [{"$match": query}, {"$group": group}]
        async for counted in self._installations.aggregate(pipeline, allowDiskUse=True):
            owner = counted["_id"] or nobody
            installations += counted["n"]
            recipients += 1 if owner.get("u") or owner.get("p") else counted["n"]
        return installations, recipients


def _owners(page: Sequence[Installation]) -> dict[str, list[str]]:
    """The owners by field: the user id names the owner, the phone only where there is none."""
    users = {found.external_user_id for found in page if found.external_user_id}
    phones = {found.phone for found in page if found.phone and not found.external_user_id}
    wanted = {"owner.external_user_id": [*users], "owner.phone": [*phones]}
    return {field: values for field, values in wanted.items() if values}


def _owner(owner: Mapping[str, Any] | None) -> tuple[str, str]:
    user, phone = (owner or {}).get("external_user_id"), (owner or {}).get("phone")
    return ("u", user) if user else ("p", phone or "")
