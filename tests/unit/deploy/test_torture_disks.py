"""A small file system is really full, has room again, and is gone afterwards."""

import errno
import os
from pathlib import Path

import pytest

from deploy.torture.faults import NoDisks, small_disks

MUCH = b"x" * 1_000_000


def test_a_disk_is_full_and_has_room_again(tmp_path: Path) -> None:
    cluster = tmp_path / "cluster"
    try:
        with small_disks(tmp_path / "disks", cluster) as disks:
            for name, disk in disks.items():
                kept = cluster / name / "kept"
                kept.write_bytes(MUCH)
                disk.fill()
                with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
                    (cluster / name / "more").write_bytes(MUCH)
                disk.make_room()
                (cluster / name / "more").write_bytes(MUCH)
                assert kept.read_bytes() == MUCH
            assert len(disks) == 2
    except NoDisks as error:
        pytest.skip(str(error))
    assert not any(os.path.ismount(disk.place) for disk in disks.values())
    assert [list(disk.place.iterdir()) for disk in disks.values()] == [[], []]
