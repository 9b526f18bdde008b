"""Small file systems of their own for one broker and one member of the replica set, so that a disk can really be full.

    begin ─▶ mounted, roomy ─ full ─▶ shrunk to what it holds: ENOSPC ─ roomy ─▶ ... ─▶ unmounted

They lie in memory (tmpfs), which only root may mount: without that right the fault is left out of a run.
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

BROKER, MEMBER = "kafka-3", "mongo-3"
ON_THEM = (BROKER, MEMBER)
_ROOM = "8g"
_LEFT_BYTES = 64 * 1024
"""What still fits when it is full."""


class NoDisks(Exception):
    """One line that says why none can be had here."""


class SmallDisk:
    """A file system at `place`, which is there already."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def fill(self) -> None:
        """Nothing more fits than a few pages. Raises CalledProcessError."""
        now = os.statvfs(self.place)
        used = (now.f_blocks - now.f_bfree) * now.f_frsize
        _mount("-o", f"remount,size={used + _LEFT_BYTES}", str(self.place))

    def make_room(self) -> None:
        _mount("-o", f"remount,size={_ROOM}", str(self.place))


@contextmanager
def small_disks(folder: Path, cluster: Path, names: Sequence[str] = ON_THEM) -> Iterator[dict[str, SmallDisk]]:
    """By name, in `folder`; a link in `cluster`, where the servers have their data, leads to each. Raises NoDisks."""
    with ExitStack() as exits:
        disks = {}
        for name in names:
            place = folder / name
            release(place)  # of a run that was killed
            place.mkdir(parents=True, exist_ok=True)
            try:
                _mount("-t", "tmpfs", "-o", f"size={_ROOM},mode=700", "rpns-torture", str(place))
            except (OSError, subprocess.CalledProcessError) as error:
                raise NoDisks(
                    f"no file system can be mounted here: {getattr(error, 'stderr', '') or error}".strip()
                ) from None
            exits.callback(release, place)
            cluster.mkdir(parents=True, exist_ok=True)
            (cluster / name).symlink_to(place)
            disks[name] = SmallDisk(place)
        yield disks


def release(place: Path) -> None:
    """Unmount it, if it is mounted; a process that still has a file there keeps it until its end."""
    if os.path.ismount(place):
        subprocess.run(["umount", "--lazy", str(place)], check=True, capture_output=True, text=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True, text=True)
