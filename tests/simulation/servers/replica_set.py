"""A replica set in memory.

While the majority is lost, the primary still takes writes, and says that their concern failed; whoever reads what a
majority holds does not see them. Then they are kept, or rolled back: whoever took them for done has lost them.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.simulation.clock import Bell
from tests.simulation.servers.documents import Document, fits, loaded

if TYPE_CHECKING:
    from tests.simulation.world import World


class Kept(NamedTuple):
    """A document as it is kept, and decoded once for all who only look at it."""

    raw: bytes
    document: Document


class Documents:
    """One collection. `before`: of what only the primary has, as the majority has it. `changed` rings when it is."""

    def __init__(self) -> None:
        self.now: dict[Any, Kept] = {}
        self.before: dict[Any, Kept | None] = {}
        self.changed = Bell()

    def seen(self, query: Mapping[str, Any], *, by_majority: bool) -> list[Document]:
        """What a query finds, in the order of insertion; the caller's own."""
        return [loaded(kept.raw) for kept in self.found(query, by_majority=by_majority)]

    def found(self, query: Mapping[str, Any], *, by_majority: bool) -> list[Kept]:
        """What a query finds, in the order of insertion."""
        found = []
        for key in self._keys(query):
            kept = self.before[key] if by_majority and key in self.before else self.now.get(key)
            if kept is not None and fits(kept.document, query):
                found.append(kept)
        return found

    def earliest(self, fields: Mapping[str, int]) -> int | None:
        """The first of the times in these fields, so many ms behind each; of the primary and of the majority."""
        lie = [*self.now.values(), *self.before.values()] if self.before else self.now.values()
        return min(
            (
                kept.document[name] + behind_ms
                for kept in lie
                if kept is not None
                for name, behind_ms in fields.items()
                if name in kept.document
            ),
            default=None,
        )

    def _keys(self, query: Mapping[str, Any]) -> Iterable[Any]:
        wanted = query.get("_id")
        if isinstance(wanted, Mapping):
            if wanted.keys() == {"$in"}:  # asked for in the order of some set
                asked = set(wanted["$in"])
                return [key for key in dict.fromkeys([*self.now, *self.before]) if key in asked]
        elif wanted is not None:
            return (wanted,)
        return dict.fromkeys([*self.now, *self.before])


class Server:
    """The replica set."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.collections: dict[str, Documents] = {}
        self.has_majority = True

    def collection(self, name: str) -> Documents:
        return self.collections.setdefault(name, Documents())

    def all_of(self, name: str) -> list[Document]:
        """The documents as they are; for whoever looks on, and changes none."""
        return [kept.document for kept in self.collection(name).found({}, by_majority=True)]

    def put(self, documents: Documents, key: Any, raw: bytes | None) -> None:
        if not self.has_majority:
            documents.before.setdefault(key, documents.now.get(key))
        if raw is None:
            documents.now.pop(key, None)
        else:
            documents.now[key] = Kept(raw, loaded(raw))
        documents.changed.ring()

    def lose_majority(self) -> None:
        self.has_majority = False

    def regain_majority(self, *, keep: bool) -> None:
        """What the primary alone had is kept, or goes with it."""
        self._world.note(f"a majority again; what it had missed is {'kept' if keep else 'rolled back'}", None)
        self.has_majority = True
        for documents in self.collections.values():
            for key, kept in documents.before.items():
                if keep:
                    continue
                if kept is None:
                    documents.now.pop(key, None)
                else:
                    documents.now[key] = kept
            documents.before.clear()
            documents.changed.ring()
