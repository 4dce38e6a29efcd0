"""The folders that a program is given: its files, its inputs, its outputs, what is temporary."""

from __future__ import annotations

import os
from typing import Dict, List, Sequence, Tuple

_HELPERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "helpers")


class ProgramFolders:
    """Those of one try, below `root`, which is its own."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.inputs, self.outputs = os.path.join(root, "inputs"), os.path.join(root, "outputs")
        self.work, self.temporary = os.path.join(root, "work"), os.path.join(root, "tmp")
        self.parameters = os.path.join(root, "parameters.json")

    def make(self, content: Sequence[Tuple[str, int, bytes]]) -> None:
        """Make them, and put the program's own files (place, mode, content) where it begins."""
        for folder in (self.inputs, self.outputs, self.work, self.temporary):
            os.mkdir(folder)
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
        """What lies in the folder of outputs. Raises OSError where the program has removed that."""
        return os.listdir(self.outputs)

    def variables(self) -> Dict[str, str]:
        """Where a program is told of them."""
        return {
            "PENSTOCK_INPUTS": self.inputs,
            "PENSTOCK_OUTPUTS": self.outputs,
            "PENSTOCK_PARAMETERS": self.parameters,
            "PENSTOCK_HELPERS": _HELPERS,
            "TMPDIR": self.temporary,
        }
