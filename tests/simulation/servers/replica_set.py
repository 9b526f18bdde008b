"""A replica set in memory.

While the majority is lost, the primary still takes writes, and says that their concern failed; whoever reads what a
majority holds does not see them. Then they are kept, or rolled back: whoever took them for done has lost them.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tests.simulation.servers.documents import Document, fits, loaded

if TYPE_CHECKING:
    from tests.simulation.world import World


class Documents:
    """One collection. `before`: of what only the primary has, as the majority has it."""

    def __init__(self) -> None:
        self.now: dict[Any, bytes] = {}
        self.before: dict[Any, bytes | None] = {}

    def seen(self, query: Mapping[str, Any], *, by_majority: bool) -> list[Document]:
        """What a query finds, in the order of insertion."""
        found = []
        for key in self._keys(query):
            raw = self.before[key] if by_majority and key in self.before else self.now.get(key)
            if raw is not None and fits(document := loaded(raw), query):
                found.append(document)
        return found

    def _keys(self, query: Mapping[str, Any]) -> Iterable[Any]:
        wanted = query.get("_id")
        if isinstance(wanted, Mapping):
            if wanted.keys() == {"$in"}:
                return dict.fromkeys(wanted["$in"])
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

    def all_of(self, name: str, query: Mapping[str, Any] | None = None) -> list[Document]:
        """The documents as they are; for whoever looks on."""
        return self.collection(name).seen(query or {}, by_majority=True)

    def put(self, documents: Documents, key: Any, raw: bytes | None) -> None:
        if not self.has_majority:
            documents.before.setdefault(key, documents.now.get(key))
        if raw is None:
            documents.now.pop(key, None)
        else:
            documents.now[key] = raw

    def lose_majority(self) -> None:
        self.has_majority = False

    def regain_majority(self, *, keep: bool) -> None:
        """What the primary alone had is kept, or goes with it."""
        self._world.note(f"a majority again; what it had missed is {'kept' if keep else 'rolled back'}", None)
        self.has_majority = True
        for documents in self.collections.values():
            for key, raw in documents.before.items():
                if keep:
                    continue
                if raw is None:
                    documents.now.pop(key, None)
                else:
                    documents.now[key] = raw
            documents.before.clear()
