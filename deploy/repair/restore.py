"""A backup is loaded into an empty database, and brought up to the present from the log, before any service starts.

    hashes, master key, the log is the same one ─▶ load ─▶ who was erased since ─▶ fold what came since
        ─▶ what was decided since (`after/`) ─▶ offsets of groups that have lost theirs ─▶ ready

The groups' offsets stay where they are. Set back to the backup's, they would have everything decided since decided once
more: pushes sent again, partners told again. Instead the database is brought to where the groups are, and further, to
the end of the log, so that to the services it looks as after a crash.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from bson.raw_bson import RawBSONDocument
from pymongo import WriteConcern

from deploy.repair.after import Since, decided_since, reserved_numbers
from deploy.repair.after.erasures import erased_again
from deploy.repair.archive import Manifest, given_back, indexes_of, read, verify
from deploy.repair.backup import fingerprints
from deploy.repair.fold import Family, Folds
from deploy.repair.inventory import BY_NAME
from deploy.repair.opened import Opened, Refused, empty, holds_documents, no_service_runs
from deploy.repair.replay import Positions, Progress, Show, replayed
from services.runtime.log.upkeep.offsets import read_offsets, write_offsets
from services.runtime.log.upkeep.replay import Place, spans_of
from services.runtime.mongo import Database
from services.runtime.mongo.errors import translated
from services.runtime.mongo.usable import set_state, state_of

_BATCH, _BATCH_BYTES = 1_000, 8 * 1024 * 1024


@dataclass
class Restored:
    """`lost`: by topic, how many records after the backup the log does not hold any more."""

    manifest: Manifest
    documents: int = 0
    progress: Progress = field(default_factory=Progress)
    since: Since = field(default_factory=Since)
    erased: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    given_back: list[str] = field(default_factory=list)  # groups whose offsets were set to the backup's


async def restored(work: Opened, folder: Path, show: Show, *, overwrite: bool, incomplete: bool) -> Restored:
    """Raises Refused, KafkaError, mongo.TRANSIENT_ERRORS."""
    manifest = Manifest.read(folder)
    _check_keys(work, manifest)
    for name, stored in manifest.collections.items():
        verify(folder, name, stored)
    await no_service_runs(work.settings)
    made = Restored(manifest, lost=await _lost(work, manifest))
    if made.lost and not incomplete:
        what = ", ".join(f"{topic} ({count} records)" for topic, count in sorted(made.lost.items()))
        raise Refused(f"the log does not reach back to this backup any more: {what}. --incomplete restores it as it is")
    await _make_room(work, overwrite=overwrite)
    await _load(work, folder, made, show)
    made.erased = await erased_again(work)
    await work.use_keys(work.database)
    groups = await read_offsets(work.settings)
    spans = await spans_of(work.settings, sorted({place.topic for place in manifest.ends}))
    reserve = await reserved_numbers(work, manifest, spans)
    families = await Folds(work.settings, work.database, work.directory, work.secrets).families([reserve.take])
    made.progress = await replayed(
        work.settings, work.database, families, begins=_begins(manifest, families), show=show
    )
    made.since = await decided_since(work, manifest, groups, show)
    lost_offsets = given_back(manifest.groups, groups)
    await write_offsets(work.settings, lost_offsets)
    made.given_back = sorted(lost_offsets)
    await set_state(work.database, "ready")
    return made


def _check_keys(work: Opened, manifest: Manifest) -> None:
    ours = fingerprints(work.secrets)
    if manifest.master_keys[0] not in ours:
        raise Refused(
            "this backup was made under another master key: give that one (RPNS_MASTER_KEY, or one of the old)"
        )
    if missing := [key for key in manifest.master_keys[1:] if key not in ours]:
        raise Refused(f"{len(missing)} former master keys of this backup are not among RPNS_OLD_MASTER_KEYS")


async def _lost(work: Opened, manifest: Manifest) -> dict[str, int]:
    """Raises Refused when the log is another one than that of the backup."""
    spans = await spans_of(work.settings, sorted({place.topic for place in manifest.ends}))
    short = [place for place, end in manifest.ends.items() if place not in spans or spans[place].stop < end]
    if short:
        raise Refused(f"this log is not the one of the backup: {short[0]} ended further on than it does now")
    found: dict[str, int] = {}
    for offsets in manifest.groups.values():
        for place, at in offsets.items():
            gone = spans[place].start - at.offset if place in spans else 0
            if gone > 0 and at.offset < manifest.ends.get(place, 0):
                found[place.topic] = max(gone, found.get(place.topic, 0))
    return found


async def _make_room(work: Opened, *, overwrite: bool) -> None:
    state, _ = await state_of(work.database)
    found = await holds_documents(work.database)
    if found and not overwrite and state != "restoring":
        names = ", ".join(found[:4])
        raise Refused(f"{work.database.name} is not empty ({names} …): --overwrite drops what is in it")
    await set_state(work.database, "restoring")  # first: from here on no service begins on it, and writes there
    with translated():
        await empty(work.database, but_for="repair")
    await Positions(work.database).forget()


async def _load(work: Opened, folder: Path, made: Restored, show: Show) -> None:
    progress = Progress(total=sum(stored.documents for stored in made.manifest.collections.values()))
    for name, stored in made.manifest.collections.items():
        if name not in BY_NAME:
            raise Refused(
                f"{name} is a collection that this release does not know: restore with the release of the backup"
            )
        indexes = indexes_of(stored)
        await _fill(work.database, name, read(folder, name), progress, show)
        if indexes:
            with translated():
                await work.database.command({"createIndexes": name, "indexes": indexes})
    made.documents = progress.done


async def _fill(
    database: Database, name: str, documents: Iterator[RawBSONDocument], progress: Progress, show: Show
) -> None:
    collection = database.get_collection(name, write_concern=WriteConcern("majority"))
    batch: list[RawBSONDocument] = []
    size = 0
    for document in chain(documents, [None]):
        if document is not None:
            batch.append(document)
            size += len(document.raw)
        if batch and (document is None or len(batch) == _BATCH or size > _BATCH_BYTES):
            with translated():
                await collection.insert_many(batch, ordered=False)
            progress.done += len(batch)
            batch, size = [], 0
            show(name, progress)


def _begins(manifest: Manifest, families: list[Family]) -> dict[Place, int]:
    """Where each fold goes on: what its group had committed when the backup was made."""
    found: dict[Place, int] = {}
    for family in families:
        for group in family.groups:
            found |= manifest.starts(group)
    return found
