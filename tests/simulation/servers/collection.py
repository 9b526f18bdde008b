"""The client of one process for the database in memory: it stands for pymongo's asynchronous one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pymongo import InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import AutoReconnect, BulkWriteError, WriteConcernError

from tests.simulation.instance import Harm, Instance
from tests.simulation.servers.documents import Document, new_from, stored, updated
from tests.simulation.servers.replica_set import Kept

_T = TypeVar("_T")
_CONCERN = {"code": 64, "errmsg": "waiting for replication timed out", "errInfo": {"wtimeout": True}}


class MemoryDatabase:
    """Stands for a database of one process."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance

    def __getitem__(self, name: str) -> "MemoryCollection":
        return MemoryCollection(self, name)


class MemoryCollection:
    """Stands for a collection; the concerns of `durable` are those that it plays."""

    def __init__(self, database: MemoryDatabase, name: str, *, by_majority: bool = False) -> None:
        self.database, self.name = database, name
        self._instance = database.instance
        self._server = self._instance.world.server
        self._documents = self._server.collection(name)
        self._by_majority = by_majority

    def with_options(self, **_: Any) -> "MemoryCollection":
        return MemoryCollection(self.database, self.name, by_majority=True)

    async def create_index(self, *_: Any, **__: Any) -> None:
        """Nothing is slow here."""

    async def create_indexes(self, *_: Any) -> None:
        """Nothing is slow here."""

    # -- reading

    def find(self, query: Mapping[str, Any], fields: Any = None) -> "MemoryCursor":
        return MemoryCursor(self, query)

    async def find_one(self, query: Mapping[str, Any], fields: Any = None, sort: Any = None) -> Document | None:
        cursor = self.find(query)
        for name, direction in reversed(list(sort or ())):
            cursor.sort(name, direction)
        found = await cursor.to_list(None)
        return found[0] if found else None

    async def distinct(self, field: str, query: Mapping[str, Any]) -> list[Any]:
        found = await self.find(query).to_list(None)
        return list(dict.fromkeys(document[field] for document in found if field in document))

    async def read(self, query: Mapping[str, Any]) -> list[Document]:
        faults = self._instance.world.faults
        harm = "before" if faults.active("database away") else faults.harm("database trouble", "before")
        seen = self._documents.seen
        return await self._instance.call(
            f"read {self.name}", lambda: seen(query, by_majority=self._by_majority), _unavailable, harm
        )

    # -- writing

    async def bulk_write(self, operations: Sequence[Any], *, ordered: bool) -> Any:
        result = _Result()

        def write(most: int) -> _Result:
            for index, operation in enumerate(operations[:most]):
                if not self._apply(operation, result):
                    result.errors.append({"index": index, "code": 11000, "keyPattern": {"_id": 1}, "op": {}})
                    if ordered:
                        break
            return result

        for operation in operations:
            _checked(operation)
        await self._written(f"write {self.name}", write, len(operations), result)
        if result.errors:
            raise BulkWriteError(result.details())
        return result

    async def update_many(self, query: Mapping[str, Any], update: Mapping[str, Any]) -> Any:
        result = _Result()

        def write(most: int) -> _Result:
            for kept in self._documents.found(query, by_majority=False)[:most]:
                self._change(kept, update, result)
            return result

        return await self._written(f"update {self.name}", write, 1_000_000, result)

    async def delete_many(self, query: Mapping[str, Any]) -> Any:
        result = _Result()

        def write(most: int) -> _Result:
            for kept in self._documents.found(query, by_majority=False)[:most]:
                self._server.put(self._documents, kept.document["_id"], None)
                result.deleted_count += 1
            return result

        return await self._written(f"delete of {self.name}", write, 1_000_000, result)

    async def delete_one(self, query: Mapping[str, Any]) -> Any:
        return await self.delete_many(query)  # all of ours name one

    async def _written(self, what: str, write: Callable[[int], _T], most: int, result: "_Result") -> _T:
        faults = self._instance.world.faults
        harm: Harm | None = "before" if faults.active("database away") else None
        harm = harm or faults.harm("database trouble", "before", "behind", "amid")
        concern: list[bool] = []

        def arrive() -> _T:
            concern.append(self._server.has_majority)
            return write(most // 2 if harm == "amid" else most)

        done = await self._instance.call(what, arrive, _unavailable, harm)
        if not concern[0]:
            self._instance.world.note(f"{self._instance.name}: {what}: no majority holds it", None)
            if what.startswith("write"):
                raise BulkWriteError(result.details(concerns=[_CONCERN]))
            raise WriteConcernError("not held by a majority", 64, _CONCERN)
        return done

    def _apply(self, operation: Any, result: "_Result") -> bool:
        """False: another document has the key."""
        documents = self._documents
        if isinstance(operation, InsertOne):
            document = operation._doc
            if document["_id"] in documents.now:
                return False
            self._server.put(documents, document["_id"], stored(document))
            result.inserted += 1
            return True
        query, change = operation._filter, operation._doc
        found = documents.found(query, by_majority=False)
        if found:
            self._change(found[0], change, result)
            return True
        if not operation._upsert:
            return True
        new = new_from(query)
        if new["_id"] in documents.now:
            return False
        self._server.put(documents, new["_id"], stored(updated(new, change, is_new=True)))
        result.upserted_count += 1
        return True

    def _change(self, kept: Kept, change: Any, result: "_Result") -> None:
        result.matched_count += 1
        after = stored(updated(kept.document, change))
        if kept.raw != after:
            self._server.put(self._documents, kept.document["_id"], after)
            result.modified_count += 1


class MemoryCursor:
    """What a query finds, when it is asked."""

    def __init__(self, collection: MemoryCollection, query: Mapping[str, Any]) -> None:
        self._collection, self._query = collection, query
        self._sorts: list[tuple[str, int]] = []
        self._most: int | None = None
        self._left: list[Document] | None = None

    def sort(self, key: Any, direction: int | None = None) -> "MemoryCursor":
        self._sorts += [(key, direction or 1)] if isinstance(key, str) else reversed(list(key))
        return self

    def limit(self, most: int) -> "MemoryCursor":
        self._most = most
        return self

    def batch_size(self, _: int) -> "MemoryCursor":
        return self

    def max_time_ms(self, _: int) -> "MemoryCursor":
        return self

    async def to_list(self, _: int | None = None) -> list[Document]:
        found = await self._collection.read(self._query)
        for name, direction in self._sorts:
            found.sort(key=lambda document: document[name], reverse=direction < 0)
        return found[: self._most] if self._most else found

    def __aiter__(self) -> "MemoryCursor":
        return self

    async def __anext__(self) -> Document:
        if self._left is None:
            self._left = await self.to_list()
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop(0)


class _Result:
    """Of a write."""

    def __init__(self) -> None:
        self.inserted = self.matched_count = self.modified_count = self.upserted_count = self.deleted_count = 0
        self.errors: list[dict[str, Any]] = []

    def details(self, concerns: Sequence[Any] = ()) -> dict[str, Any]:
        return {
            "writeErrors": self.errors,
            "writeConcernErrors": list(concerns),
            "nInserted": self.inserted,
            "nUpserted": self.upserted_count,
            "nMatched": self.matched_count,
            "nModified": self.modified_count,
            "nRemoved": 0,
            "upserted": [],
        }


def _checked(operation: Any) -> None:
    """Raises what the client raises before it sends anything."""
    if isinstance(operation, InsertOne):
        stored(operation._doc)
    elif not isinstance(operation, UpdateOne | ReplaceOne):
        raise TypeError(type(operation).__name__)


def _unavailable(_: Harm) -> Exception:
    return AutoReconnect("connection closed")
