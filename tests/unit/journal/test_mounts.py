from __future__ import annotations

from pathlib import Path

import pytest

from penstock.journal.mounts import is_network

TABLE = r"""
/dev/sda1 / ext4 rw 0 0
tank:/home /mnt/home nfs4 rw 0 0
/dev/sdb1 /mnt/home/local ext4 rw 0 0
me@there: /mnt/with\040space fuse.sshfs rw 0 0
//nas/share /mnt/twice ext4 rw 0 0
//nas/share /mnt/twice cifs rw 0 0
overlay /mnt/box overlay rw 0 0
host /mnt/vm 9p rw 0 0
lustre /mnt/big lustre rw 0 0
ntfs /mnt/usb fuse.ntfs-3g rw 0 0
""".strip()


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/", False),
        ("/work", False),
        ("/mnt/home", True),
        ("/mnt/home/me/project", True),
        ("/mnt/homework", False),
        ("/mnt/home/local/project", False),
        ("/mnt/with space/p", True),
        ("/mnt/twice", True),
        ("/mnt/box", False),
        ("/mnt/vm", True),
        ("/mnt/big", True),
        ("/mnt/usb", False),
    ],
)
def test_the_nearest_mount_decides(tmp_path: Path, folder: str, expected: bool) -> None:
    table = tmp_path / "mounts"
    table.write_text(TABLE, encoding="utf-8")
    assert is_network(Path(folder), table) is expected


def test_a_system_without_a_table_of_mounts_is_taken_as_local(tmp_path: Path) -> None:
    assert is_network(tmp_path, tmp_path / "missing") is False


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("nfs", True),
        ("nfsd", False),
        ("smb3", True),
        ("beegfs_nodev", True),
        ("davfs2", True),
        ("fuse.blobfuse2", True),
    ],
)
def test_kinds_come_in_families(tmp_path: Path, kind: str, expected: bool) -> None:
    table = tmp_path / "mounts"
    table.write_text(f"somewhere / {kind} rw 0 0\n", encoding="utf-8")
    assert is_network(tmp_path, table) is expected
