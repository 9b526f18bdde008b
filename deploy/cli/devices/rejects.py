"""The refused lines of an import in a file of their own (`--rejects`), to be mended there and imported again."""

import os
import stat
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.cli.devices.lines import Bad
from deploy.cli.devices.reasons import Reasons
from deploy.cli.fault import Fault
from deploy.cli.words import phrase
from services.runtime.lists.csv_or_json import Records
from services.runtime.lists.lines import MAX_LINE_BYTES


class Rejects:
    """An open file, its owner's only. `kept` counts the lines in it, `too_long` those that no line can hold."""

    def __init__(self, path: Path) -> None:
        """Raises Fault for a file that holds something, and for one that cannot be made."""
        self._path, self._file = path, _opened(path)
        self._size = self.kept = self.too_long = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._file)

    def add(self, bad: Sequence[Bad], records: Records) -> None:
        """Write what was refused of one part, in the encoding of the file it is of: all, or nothing. Raises Fault."""
        if not bad:
            return
        reasons, made, too_long = Reasons(records), [], 0
        for number, faults in groupby(sorted(bad, key=_number), _number):
            of_line = list(faults)
            reason = (
                phrase("line {number}", number=number)
                + ": "
                + "; ".join(f"{refused.field}: {refused.rule}" for refused in of_line)
            )
            source = of_line[0].source
            line = None if source is None else reasons.added(source, reason)
            if line is None or len(line) > MAX_LINE_BYTES:  # it could not be read again
                too_long += 1
            else:
                made.append(line)
        if made:
            head = [] if self._size else reasons.head
            content = records.text.undone(b"\n".join([*head, *made, b""]))
            self._write(content if self._size else records.text.mark + content)
        self.kept += len(made)
        self.too_long += too_long

    def _write(self, content: bytes) -> None:
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except BaseException as error:
            os.ftruncate(self._file, self._size)
            if isinstance(error, OSError):
                raise Fault(
                    f"--rejects {self._path}: {phrase('cannot be written: {why}', why=error.strerror)}"
                ) from None
            raise
        self._size += len(content)


def _number(refused: Bad) -> int:
    return refused.number


def _opened(path: Path) -> int:
    try:
        try:
            return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _taken(path)
    except OSError as error:
        why = phrase("cannot be created: {why}", why=error.strerror)
        raise Fault(f"--rejects {path}: {why}") from None


def _taken(path: Path) -> int:
    """A file that is there already, if it is an empty one."""
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode) or about.st_size:
        raise Fault(f"--rejects {path}: {phrase('exists already and is no empty file: name another one')}")
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
    try:
        os.fchmod(file, 0o600)
    except OSError:
        os.close(file)
        raise
    return file
