"""The files of one run on their way into the store, in a folder of Penstock's own.

Files that lie on this machine are linked to rather than copied. No name leads out of the folder.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from penstock.project import Project


class Staging:
    """A folder that is filled. What is no plain file, or no plain name, is left out and counted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []  # paths below the folder, with slashes
        self.left_out = 0

    def link(self, name: str, source: str) -> None:
        """Take in a file of this machine."""
        place = self._place(name)
        if place is not None:
            os.symlink(os.path.abspath(source), place)

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Take in a file whose content comes from elsewhere. Raises OSError, and what its chunks raise."""
        place = self._place(name)
        if place is not None:
            with open(place, "xb") as file:
                file.writelines(chunks)

    def link_all(self, folder: str, below: str = "") -> None:
        """Take in all files of a folder of this machine; links in it are left out."""
        pending = [(folder, below)]
        while pending:
            at, front = pending.pop()
            with os.scandir(at) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            for entry in found:
                name = f"{front}/{entry.name}" if front else entry.name
                if entry.is_dir(follow_symlinks=False):
                    pending.append((entry.path, name))
                elif entry.is_file(follow_symlinks=False):
                    self.link(name, entry.path)
                else:
                    self.left_out += 1

    def _place(self, name: str) -> Path | None:
        parts = name.split("/")
        place = self.folder.joinpath(*parts)
        if any(part in ("", ".", "..") or "\0" in part for part in parts) or os.path.lexists(place):
            self.left_out += 1
            return None
        place.parent.mkdir(parents=True, exist_ok=True)
        self.names.append(name)
        return place


@contextmanager
def staged(project: Project) -> Generator[Staging]:
    """A new one, in the project's scratch; it is gone afterwards. One that a kill leaves is swept by `penstock gc`."""
    parent = project.folder("scratch", "import")
    os.makedirs(parent, exist_ok=True)
    own = tempfile.mkdtemp(dir=parent)
    folder = Path(own, "artifacts")
    try:
        folder.mkdir()
        yield Staging(folder)
    finally:
        shutil.rmtree(own, ignore_errors=True)
