"""Which records of the audit trail are asked for, as a query of MongoDB. Pure.

named    who, what, of which kind, and the customer, if one is asked for: listed
wide     a look that may have shown anybody and does not name the customer: counted apart, or listed by themselves,
         so that no number of exports hides a look at the customer

What was not accepted of partners is listed only where that kind is asked for: there may be much of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.registry.audit_trail.document import AuditKind, message_names
from services.runtime.looks import SubjectKind

Query = dict[str, Any]
_NOT_ACCEPTED: AuditKind = "not-accepted"


@dataclass(frozen=True)
class Wanted:
    """Which records are asked for, `since` ≤ at < `until` (UTC ms). None leaves a condition out, and `subjects` have
    one of several names each; the last are those of the id of `message`, where it is asked for. `wide`: those that may
    have shown anybody, and no others."""

    since: int
    until: int
    who: str | None = None
    what: str | None = None
    message: str | None = None
    subjects: Sequence[tuple[SubjectKind, frozenset[str]]] = ()
    wide: bool = False
    kind: AuditKind | None = None

    def kinds(self) -> dict[str, SubjectKind]:
        """The fingerprints of whom is asked for, and of what they are."""
        return {name: kind for kind, names in self.subjects for name in names}

    def listed(self) -> Query:
        """Those to be listed."""
        return self._wide() if self.wide else self._among() | self._about()

    def by_index(self) -> Mapping[str, Query]:
        """What of it an index finds by itself, by the field that the index begins with: its records are looked through
        for the rest."""
        found: dict[str, Query] = {"is_wide": {"is_wide": True}} if self.wide else {}
        if self.who is not None:
            found["callers"] = {"callers": self.who}
        if self.subjects and not self.wide:
            found["about"] = self._about()["$and"][0]
        if self.kind is not None:
            found["kinds"] = {"kinds": self.kind}
        return {field: query | self._in_time() for field, query in (found or {"at": {}}).items()}

    def is_by_index(self) -> bool:
        """Whether an index finds all of it, with nothing to be looked through: of a kind alone."""
        return self.kind is not None and not (self.wide or self.who or self.what or self.subjects)

    def beside(self) -> Query | None:
        """Those that are not to be listed, and may have shown the customer all the same; None: there are none."""
        return self._wide() if self.subjects and not self.wide else None

    def _wide(self) -> Query:
        """That may be of anybody, and do not name the customer."""
        return {"is_wide": True} | self._among() | ({"$nor": [self._about()]} if self.subjects else {})

    def _in_time(self) -> Query:
        return {"at": {"$gte": self.since, "$lt": self.until}}

    def _among(self) -> Query:
        query = self._in_time()
        if self.who is not None:
            query["callers"] = self.who
        query["kinds"] = {"$ne": _NOT_ACCEPTED} if self.kind is None else self.kind
        if self.what is not None:
            query["places"] = {"$regex": re.escape(self.what)}
        return query

    def _about(self) -> Query:
        names = [set(subject) for _, subject in self.subjects]
        if self.message is not None and names:
            names[-1] |= message_names(self.message)
        return {"$and": [{"about": {"$in": sorted(some)}} for some in names]} if names else {}
