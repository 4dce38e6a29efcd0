"""Says what mends it where a step missed a file on another machine that lies in the project on this one."""

from __future__ import annotations

import os
import re

from penstock.model.outcomes import Error

_PATH = re.compile(r"No such file or directory: '([^'\n]+)'")
_CODE = re.compile(r".*?/code/[0-9a-f]{32}/(.+)")
"""A path in the folder that an agent has unpacked a run's code into."""


def mend(error: Error, cwd: str, root: str) -> str:
    """What to write into `penstock.toml`, where the error is that of a file which a run does not bring, and which is
    there in the project's folder `root`; "": it is none. `cwd`: the working directory of the flow's process."""
    found = _PATH.search(error.message) if error.type.endswith("FileNotFoundError") else None
    if found is None:
        return ""
    below = _CODE.fullmatch(found[1])
    path = below[1] if below else found[1]
    for folder in (cwd, root) if not os.path.isabs(path) else ("",):
        file = os.path.normpath(os.path.join(folder, path))
        relative = os.path.relpath(file, root)
        if os.path.exists(file) and relative.split(os.sep)[0] != os.pardir:
            pattern = os.path.join(relative, "**", "*") if os.path.isdir(file) else relative
            return (
                f"{relative} lies in the project here and does not go with a run: have it go by `include = "
                f'["{pattern}"]` below [project] in penstock.toml'
            )
    return ""
