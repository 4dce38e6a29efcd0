"""Says whether a folder lies on a network file system, where SQLite's WAL is not safe. Knows nothing of journals."""

from __future__ import annotations

import re
from pathlib import Path

_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\w*|9p|afs|ceph|lustre|gpfs|glusterfs|beegfs\w*|pvfs2|orangefs|ocfs2|gfs2|ncpfs|davfs\d?|virtiofs"
    r"|fuse\.(sshfs|s3fs|gcsfuse|glusterfs|ceph\w*|rclone|davfs2?|juicefs|goofys|blobfuse2?|quobyte)"
)


def is_network(folder: Path, table: Path = Path("/proc/mounts")) -> bool:
    """Whether `folder` lies on a network file system; False where the system has no table of mounts."""
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    return _NETWORK.fullmatch(_kind(folder.resolve(), lines)) is not None


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
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), place)
