"""The files of a backup, and their manifest.

    DIR/manifest.json            written last: a folder without it is no backup
    DIR/<collection>.bson.gz     its documents as the server gives them, one behind the other

Each file is hashed as it is written, and read against that hash before anything of it is used. Files are their owner's
only: they hold what people have been sent, and the keys of recipients, these sealed under the master key.
"""

import gzip
import hashlib
import json
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import bson
from bson import json_util
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from deploy.repair.opened import Refused
from services.runtime.log.upkeep.offsets import Committed, Groups
from services.runtime.log.upkeep.replay import Place

FORM = 1
MANIFEST = "manifest.json"
RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_CHUNK = 1024 * 1024
_LEVEL = 3


@dataclass(frozen=True)
class Stored:
    """One collection of a backup. `is_snapshot`: read at the same moment as the others that say so."""

    documents: int
    bytes: int  # of the file
    sha256: str  # of the file
    is_snapshot: bool
    indexes: str  # extended JSON, as the server lists them


@dataclass
class Manifest:
    """`groups` were read before the first document, so whatever lies below these offsets is in the documents."""

    at: int
    release: str
    database: str
    topic_prefix: str
    master_keys: list[str]  # fingerprints: of the current one, and of the former ones
    groups: dict[str, dict[Place, Committed]] = field(default_factory=dict)
    ends: dict[Place, int] = field(default_factory=dict)  # of the partitions
    collections: dict[str, Stored] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        text = {
            "form": FORM,
            **{name: getattr(self, name) for name in ("at", "release", "database", "topic_prefix", "master_keys")},
            "groups": {
                group: {str(place): asdict(at) for place, at in offsets.items()}
                for group, offsets in self.groups.items()
            },
            "ends": {str(place): offset for place, offset in self.ends.items()},
            "collections": {name: asdict(stored) for name, stored in self.collections.items()},
        }
        draft = folder / f".{MANIFEST}"
        with _private(draft) as out:
            out.write(json.dumps(text, indent=1).encode())
        draft.replace(folder / MANIFEST)

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Raises Refused."""
        try:
            text: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
            if text.pop("form") != FORM:
                raise Refused(
                    f"{folder}: another release has written this backup, in a form that this one does not know"
                )
            groups = {
                group: {_place(place): Committed(**at) for place, at in offsets.items()}
                for group, offsets in text.pop("groups").items()
            }
            ends = {_place(place): int(offset) for place, offset in text.pop("ends").items()}
            collections = {name: Stored(**stored) for name, stored in text.pop("collections").items()}
            return cls(**text, groups=groups, ends=ends, collections=collections)
        except FileNotFoundError:
            raise Refused(f"{folder} holds no {MANIFEST}: it is no backup, or one that was broken off") from None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise Refused(f"{folder / MANIFEST} cannot be read: {type(error).__name__}") from None

    def starts(self, group: str) -> Mapping[Place, int]:
        """Where a group had come to."""
        return {place: at.offset for place, at in self.groups.get(group, {}).items()}


def given_back(groups: Groups, now: Groups) -> dict[str, dict[Place, Committed]]:
    """The offsets of a backup that their groups do not have any more."""
    found: dict[str, dict[Place, Committed]] = {}
    for group, offsets in groups.items():
        lost = {place: at for place, at in offsets.items() if place not in now.get(group, {})}
        if lost:
            found[group] = lost
    return found


def _by_text(offsets: Mapping[Place, Committed]) -> dict[str, dict[str, Any]]:
    return {str(place): asdict(at) for place, at in offsets.items()}


def _place(text: str) -> Place:
    topic, _, partition = text.rpartition("/")
    return Place(topic, int(partition))


def new_folder(folder: Path) -> None:
    """Raises Refused for one that holds something."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Refused(f"{folder} is not empty: each backup gets a folder of its own")
    except OSError as error:
        raise Refused(f"{folder}: {error.strerror}") from None


def file_of(folder: Path, name: str) -> Path:
    return folder / f"{name}.bson.gz"


async def written(
    folder: Path, name: str, documents: AsyncIterator[RawBSONDocument], *, is_snapshot: bool, indexes: Iterable[Any]
) -> Stored:
    """Write a collection as it comes."""
    count, hashed = 0, hashlib.sha256()
    with _private(file_of(folder, name)) as out:
        counted = _Hashed(out, hashed)
        with gzip.GzipFile(fileobj=counted, mode="wb", compresslevel=_LEVEL, mtime=0, filename="") as packed:
            async for document in documents:
                packed.write(document.raw)
                count += 1
        out.flush()
        os.fsync(out.fileno())
    return Stored(count, counted.size, hashed.hexdigest(), is_snapshot, json_util.dumps(list(indexes)))


def verify(folder: Path, name: str, stored: Stored) -> None:
    """Raises Refused for a file that is not the one that was written."""
    hashed = hashlib.sha256()
    try:
        with file_of(folder, name).open("rb") as file:
            while chunk := file.read(_CHUNK):
                hashed.update(chunk)
    except OSError as error:
        raise Refused(f"{file_of(folder, name)}: {error.strerror}") from None
    if hashed.hexdigest() != stored.sha256:
        raise Refused(f"{file_of(folder, name)} is not what was written: its hash differs")


def read(folder: Path, name: str) -> Iterator[RawBSONDocument]:
    """The documents of a file that was verified."""
    with gzip.open(file_of(folder, name), "rb") as file:
        yield from bson.decode_file_iter(cast(BinaryIO, file), RAW)


def indexes_of(stored: Stored) -> list[dict[str, Any]]:
    """Of a collection, without the one that every collection has."""
    specs: list[dict[str, Any]] = json_util.loads(stored.indexes)
    kept = [{name: value for name, value in spec.items() if name not in ("v", "ns")} for spec in specs]
    return [spec for spec in kept if spec["name"] != "_id_"]


class _Hashed:
    """A file whose bytes are hashed and counted on their way."""

    def __init__(self, out: BinaryIO, hashed: "hashlib._Hash") -> None:
        self._out, self._hashed, self.size = out, hashed, 0

    def write(self, data: bytes) -> int:
        self._hashed.update(data)
        self.size += len(data)
        return self._out.write(data)

    def flush(self) -> None:
        self._out.flush()


@contextmanager
def _private(file: Path) -> Iterator[BinaryIO]:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        yield out
