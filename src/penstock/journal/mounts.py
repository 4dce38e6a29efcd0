"""Says whether a folder lies on a network file system, where SQLite's WAL is not safe. Knows nothing of journals."""

from __future__ import annotations

import re
from pathlib import Path

_NETWORK = frozenset(
    "nfs nfs3 nfs4 cifs 9p afs ceph lustre gpfs glusterfs pvfs2 orangefs ocfs2 gfs2 ncpfs virtiofs fuse.sshfs "
    "fuse.s3fs fuse.gcsfuse fuse.glusterfs fuse.rclone fuse.juicefs fuse.goofys fuse.quobyte".split()
)
_FAMILIES = ("smb", "beegfs", "davfs", "fuse.ceph", "fuse.davfs", "fuse.blobfuse")


def is_network(folder: Path, table: Path = Path("/proc/mounts")) -> bool:
    """Whether `folder` lies on a network file system; False where the system has no table of mounts."""
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    kind = _kind(folder.resolve(), lines)
    return kind in _NETWORK or kind.startswith(_FAMILIES)


def _kind(folder: Path, lines: list[str]) -> str:
    places = {str(folder), *map(str, folder.parents)}
    longest, kind = "", ""
    for line in lines:
        words = line.split(" ")
        # A later mount hides an earlier one at the same place.
        if len(words) > 2 and (place := _unescaped(words[1])) in places and len(place) >= len(longest):
            longest, kind = place, words[2]
    return kind


def _unescaped(place: str) -> str:
    if "\\" not in place:
        return place
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), place)
