"""A collection, whose errors mean what `errors.py` says. All reading and writing of the services goes through it.

`write` owns bulk writes: documents whose key is taken are returned, and anything else that went wrong is raised. Single
writes that may meet another document go the same way, because a plain one hides a failed write concern behind it.
"""

import inspect
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import IndexModel, InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, OperationFailure

from services.runtime.mongo.errors import ContentFault, Duplicate, Invalid, TooLarge, meaning_of_bulk, translated

Document = dict[str, Any]
RawCollection = AsyncCollection[Document]
Operation = InsertOne[Document] | UpdateOne | ReplaceOne[Document]
Sort = str | Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Taken:
    """An operation, by its place, that met another document under the same key; `fields`: of that key."""

    index: int
    fields: tuple[str, ...] = ("_id",)


@dataclass(frozen=True, slots=True)
class Written:
    """What a bulk write did, all of it held by a majority."""

    taken: tuple[Taken, ...] = ()
    matched: int = 0
    modified: int = 0
    upserted: int = 0

    @property
    def taken_indexes(self) -> list[int]:
        return [taken.index for taken in self.taken]


class Cursor:
    """What was found, read page by page. Every read raises Unavailable."""

    def __init__(self, raw: Any) -> None:
        """`raw`: a cursor, or what has to be awaited to get one: pymongo opens that of a pipeline on the way."""
        self._raw = raw

    def sort(self, key: Sort, direction: int | None = None) -> "Cursor":
        self._raw = self._raw.sort(key, direction)
        return self

    def limit(self, most: int) -> "Cursor":
        self._raw = self._raw.limit(most)
        return self

    def batch_size(self, count: int) -> "Cursor":
        self._raw = self._raw.batch_size(count)
        return self

    def max_time_ms(self, most: int) -> "Cursor":
        """Reading then raises OutOfTime."""
        self._raw = self._raw.max_time_ms(most)
        return self

    async def to_list(self, length: int | None = None) -> list[Document]:
        with translated():
            found: list[Document] = await (await self._opened()).to_list(length)
        return found

    async def __aiter__(self) -> AsyncIterator[Document]:
        with translated():
            documents = aiter(await self._opened())
        while True:
            with translated():
                try:
                    document = await anext(documents)
                except StopAsyncIteration:
                    return
            yield document

    async def _opened(self) -> Any:
        return await self._raw if inspect.isawaitable(self._raw) else self._raw


_NO_SUCH_INDEX = 27


class Collection:
    """Every method raises Unavailable, and those that write ContentFault."""

    def __init__(self, raw: RawCollection) -> None:
        self._raw = raw

    # -- reading

    def find(self, query: Mapping[str, Any], fields: Mapping[str, Any] | None = None) -> Cursor:
        return Cursor(self._raw.find(query, fields))

    async def find_one(
        self, query: Mapping[str, Any], fields: Mapping[str, Any] | None = None, sort: Sort | None = None
    ) -> Document | None:
        with translated():
            return await self._raw.find_one(query, fields, sort=sort)

    async def count_documents(self, query: Mapping[str, Any], limit: int | None = None) -> int:
        with translated():
            if limit is None:
                return int(await self._raw.count_documents(query))
            return int(await self._raw.count_documents(query, limit=limit))

    async def distinct(self, field: str, query: Mapping[str, Any]) -> list[Any]:
        with translated():
            return list(await self._raw.distinct(field, query))

    def aggregate(self, pipeline: Sequence[Mapping[str, Any]], **options: Any) -> Cursor:
        return Cursor(self._raw.aggregate(pipeline, **options))

    # -- writing

    async def write(self, operations: Sequence[Operation], *, ordered: bool = False) -> Written:
        """Carry out all of them, and return when a majority holds what they did. What met another document under its
        key is in `taken`; of ordered ones nothing after it was done."""
        if not operations:
            return Written()
        try:
            with translated():
                try:
                    result = await self._raw.bulk_write(operations, ordered=ordered)
                except BulkWriteError as error:
                    if isinstance(meaning_of_bulk(error), Duplicate):
                        return _in_part(error.details or {})
                    raise
        except ContentFault as fault:
            if fault.indexes or len(operations) == 1:
                raise _placed(fault) from fault
            raise await self._at_fault(operations, fault) from fault
        return Written((), result.matched_count, result.modified_count, result.upserted_count)

    async def insert(self, documents: Sequence[Document]) -> Written:
        """Store new documents; those whose key is taken are returned, and the others stored."""
        return await self.write([InsertOne(document) for document in documents])

    async def insert_one(self, document: Document) -> None:
        """Raises Duplicate."""
        await self._write_one(InsertOne(document))

    async def update_one(self, query: Mapping[str, Any], update: Mapping[str, Any], upsert: bool = False) -> Written:
        """Raises Duplicate when it would insert and the key is taken."""
        return await self._write_one(UpdateOne(query, update, upsert=upsert))

    async def replace_one(self, query: Mapping[str, Any], document: Document, upsert: bool = False) -> Written:
        """Raises Duplicate as `update_one`."""
        return await self._write_one(ReplaceOne(query, document, upsert=upsert))

    async def update_many(
        self, query: Mapping[str, Any], update: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> int:
        """How many it changed."""
        with translated():
            return int((await self._raw.update_many(query, update)).modified_count)

    async def delete_one(self, query: Mapping[str, Any]) -> int:
        with translated():
            return int((await self._raw.delete_one(query)).deleted_count)

    async def delete_many(self, query: Mapping[str, Any]) -> int:
        with translated():
            return int((await self._raw.delete_many(query)).deleted_count)

    async def find_one_and_update(
        self, query: Mapping[str, Any], update: Mapping[str, Any], *, upsert: bool = False, after: bool = False
    ) -> Document | None:
        """The document as it was, or with `after` as it is now. Raises Duplicate as `update_one`."""
        with translated():
            found: Document | None = await self._raw.find_one_and_update(
                query, update, upsert=upsert, return_document=after
            )
        return found

    async def create_index(self, keys: Sort, **options: Any) -> None:
        with translated():
            await self._raw.create_index(keys, **options)

    async def create_indexes(self, indexes: Sequence[IndexModel]) -> None:
        with translated():
            await self._raw.create_indexes(indexes)

    async def index_names(self) -> set[str]:
        """Of a collection that does not exist: none."""
        with translated():
            return {str(spec["name"]) async for spec in await self._raw.list_indexes()}

    async def drop_index(self, name: str) -> None:
        """One that is not there is dropped."""
        with translated():
            try:
                await self._raw.drop_index(name)
            except OperationFailure as error:
                if error.code != _NO_SUCH_INDEX:
                    raise

    async def _write_one(self, operation: Operation) -> Written:
        written = await self.write([operation])
        if written.taken:
            raise Duplicate("there is a document with this key")
        return written

    async def _at_fault(self, operations: Sequence[Operation], fault: ContentFault) -> ContentFault:
        """The fault with its places. The client stops at such a document and tells none, so each is tried alone."""
        indexes = []
        for index, operation in enumerate(operations):
            try:
                await self.write([operation])
            except (TooLarge, Invalid):
                indexes.append(index)
        return type(fault)(str(fault), indexes)


def _placed(fault: ContentFault) -> ContentFault:
    return fault if fault.indexes else type(fault)(str(fault), (0,))


def _in_part(details: Mapping[str, Any]) -> Written:
    taken = tuple(Taken(fault["index"], tuple(fault.get("keyPattern", {"_id": 1}))) for fault in details["writeErrors"])
    return Written(taken, details.get("nMatched", 0), details.get("nModified", 0), details.get("nUpserted", 0))
