"""A backup: the groups' committed offsets, and behind them every collection that is worth keeping.

    offsets of the groups ─▶ ends of the topics ─▶ what is kept and decided, at one moment ─▶ what is folded ─▶ manifest

The order makes it consistent: what lies below the offsets had been written before they were committed, so it is in the
documents. What is folded may be newer than the rest, because folding again changes nothing. A replica set gives the
rest as of one moment; a lone server does not, nor one that has forgotten that moment (after five minutes by default).
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure

from deploy.repair.archive import RAW, Manifest, new_folder, written
from deploy.repair.inventory import BY_NAME, of_kind
from deploy.repair.opened import Opened
from deploy.repair.replay import Progress, Show
from schemas.topics import all_topics
from services.runtime.build import version
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.log.upkeep.offsets import read_offsets
from services.runtime.log.upkeep.replay import spans_of
from services.runtime.mongo.errors import translated

_PAGE = 1_000
_FINGERPRINT = "backup"


def fingerprints(secrets: Secrets) -> list[str]:
    """Of the master key and the former ones: they tell keys apart, and nothing about them."""
    return secrets.digests("fingerprint", _FINGERPRINT)


async def backed_up(work: Opened, folder: Path, show: Show) -> Manifest:
    """Raises Refused, KafkaError, mongo.TRANSIENT_ERRORS."""
    new_folder(folder)
    manifest = Manifest(
        at=now_ms(),
        release=version(),
        database=work.database.name,
        topic_prefix=work.settings.kafka_topic_prefix,
        master_keys=fingerprints(work.secrets),
        groups=await read_offsets(work.settings),
    )
    spans = await spans_of(work.settings, [topic.name for topic in all_topics()])
    manifest.ends = {place: span.stop for place, span in spans.items()}
    reading = _Reading(work, show)
    await reading.count()
    async with reading.session():
        for collection in of_kind("kept", "decided", "folded"):
            if collection.name in reading.there:
                manifest.collections[collection.name] = await reading.stored(folder, collection.name)
    manifest.write(folder)
    return manifest


class _Reading:
    """Reads collections, those that are not folded as of one moment where the server can."""

    def __init__(self, work: Opened, show: Show) -> None:
        self._database, self._show = work.database, show
        self._session: AsyncClientSession | None = None
        self.progress = Progress()
        self.there: set[str] = set()

    async def count(self) -> None:
        with translated():
            self.there = set(await self._database.list_collection_names()) & BY_NAME.keys()
            for name in self.there:
                self.progress.total += await self._database[name].estimated_document_count()

    def session(self) -> "_Reading":
        return self

    async def __aenter__(self) -> None:
        with translated():
            hello = await self._database.command("hello")
        if "setName" in hello:
            self._session = self._database.client.start_session(snapshot=True)

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.end_session()

    async def stored(self, folder: Path, name: str) -> Any:
        """One collection; read again, as it is now, when the moment of the others is forgotten."""
        with translated():
            indexes = [dict(spec) async for spec in await self._database[name].list_indexes()]
        began = self.progress.done
        if self._session is not None and BY_NAME[name].kind != "folded":
            try:
                documents = self._documents(name, self._session)
                return await written(folder, name, documents, is_snapshot=True, indexes=indexes)
            except OperationFailure as error:
                if error.code not in _FORGOTTEN:
                    raise
                self._session, self.progress.done = None, began
        return await written(folder, name, self._documents(name, None), is_snapshot=False, indexes=indexes)

    async def _documents(self, name: str, session: AsyncClientSession | None) -> AsyncIterator[RawBSONDocument]:
        raw = self._database.client.get_database(self._database.name)
        collection = cast(AsyncCollection[RawBSONDocument], raw.get_collection(name, codec_options=RAW))
        async for document in collection.find({}, session=session).batch_size(_PAGE):
            self.progress.done += 1
            self._show(name, self.progress)
            yield document


_FORGOTTEN = {239, 246}
"""SnapshotTooOld, SnapshotUnavailable."""
