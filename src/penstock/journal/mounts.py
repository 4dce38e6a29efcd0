"""Says whether a folder lies on a network file system, where SQLite's WAL is not safe. Knows nothing of journals."""

from __future__ import annotations

import os
import re

_NETWORK = frozenset(
    "nfs nfs3 nfs4 cifs 9p afs ceph lustre gpfs glusterfs pvfs2 orangefs ocfs2 gfs2 ncpfs virtiofs fuse.sshfs "
    "fuse.s3fs fuse.gcsfuse fuse.glusterfs fuse.rclone fuse.juicefs fuse.goofys fuse.quobyte".split()
)
_FAMILIES = ("smb", "beegfs", "davfs", "fuse.ceph", "fuse.davfs", "fuse.blobfuse")


def is_network(folder: str | os.PathLike[str], table: str | os.PathLike[str] = "/proc/mounts") -> bool:
    """Whether `folder` lies on a network file system; False where the system has no table of mounts."""
    try:
        with open(table, encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return False
    kind = _kind(os.path.realpath(folder), lines)
    return kind in _NETWORK or kind.startswith(_FAMILIES)


def _kind(folder: str, lines: list[str]) -> str:
    places = {folder}
    while folder != (folder := os.path.dirname(folder)):
        places.add(folder)
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
