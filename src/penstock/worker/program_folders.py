"""The folders that a program is given: its files, its inputs, its outputs, what is temporary."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import Dict, List, Optional, Sequence, Tuple

from penstock.model.containers import Mount

_HELPERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "helpers")


class ProgramFolders:
    """Those of one try, below `root`, which is its own."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.inputs, self.outputs = os.path.join(root, "inputs"), os.path.join(root, "outputs")
        self.work, self.temporary = os.path.join(root, "work"), os.path.join(root, "tmp")
        self.parameters = os.path.join(root, "parameters.json")
        self._all = (self.inputs, self.outputs, self.work, self.temporary)
        self.is_made = False

    def make(self, content: Sequence[Tuple[str, int, bytes]]) -> None:
        """Make them, and put the program's own files (place, mode, content) where it begins."""
        if not self.is_made:
            for folder in self._all:
                os.makedirs(folder)
            self.is_made = True
        for place, mode, data in content:
            path = self.file(place)
            if os.sep in place:
                os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
                os.fchmod(file.fileno(), mode | 0o600)

    def file(self, place: str) -> str:
        """Where one of the program's own files lies."""
        return os.path.join(self.work, place)

    def work_in(self, folder: str) -> str:
        """The folder that it begins in, which is there then."""
        path = os.path.join(self.work, folder) if folder else self.work
        if folder:
            os.makedirs(path, exist_ok=True)
        return path

    def written(self) -> List[str]:
        """What lies in the folder of outputs; nothing where the program has removed that."""
        try:
            return os.listdir(self.outputs)
        except OSError:
            return []

    def variables(self) -> Dict[str, str]:
        """Where a program is told of them."""
        return {
            "PENSTOCK_INPUTS": self.inputs,
            "PENSTOCK_OUTPUTS": self.outputs,
            "PENSTOCK_PARAMETERS": self.parameters,
            "PENSTOCK_HELPERS": _HELPERS,
            "TMPDIR": self.temporary,
        }

    def mounts(self) -> List[Mount]:
        """What a container of the program's has to see of them."""
        return [Mount(self.root, writable=True), Mount(self.inputs), Mount(_HELPERS)]

    def empty(self) -> bool:
        """Remove their files, and that of the parameters; False: there is more, or they are not what they were."""
        try:
            for folder in self._all:
                _empty(folder)
            os.unlink(self.parameters)  # a program may have put a link in its place, which the next one's would follow
            return len(os.listdir(self.root)) == len(self._all)
        except OSError:
            return False


def _empty(folder: str) -> None:
    """Through a descriptor: a program may have put a link in the folder's place. Raises OSError for all but files, and
    for a folder that nothing can be written to any more."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(fd).st_mode & 0o700 != 0o700:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)
        for name in os.listdir(fd):
            os.unlink(name, dir_fd=fd)
    finally:
        os.close(fd)


class KeptFolders:
    """Those of this process, for one program after another: to remove six folders takes longer than to run a program
    that does little. Not for programs whose outputs are files, which stay until they are stored."""

    def __init__(self) -> None:
        self._kept: Optional[ProgramFolders] = None

    def take(self, scratch: str) -> ProgramFolders:
        """Empty ones, below the driver's folder for temporary files."""
        kept, self._kept = self._kept, None
        if kept is not None and kept.root.startswith(scratch + os.sep):
            return kept
        return ProgramFolders(os.path.join(scratch, f"programs-{os.getpid()}-{os.urandom(4).hex()}"))

    def give(self, folders: ProgramFolders) -> None:
        """The program has ended, and nothing of it is needed any more."""
        if folders.empty():
            self._kept = folders
            return
        import shutil

        with suppress(OSError):
            shutil.rmtree(folders.root, ignore_errors=True)
