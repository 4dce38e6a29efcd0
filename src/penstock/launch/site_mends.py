"""What mends a site that does not run attempts, by the words of whoever refused. Pure.

Most errors name their mend themselves; here are those of programs that are not ours, as agents leave them behind.
"""

from __future__ import annotations

_BUNDLE = "leave `agent` out, so that it starts from the bundle, which brings a Python of its own"
_FOLDER = "name another folder by `url` of [store]"
_MENDS = (
    (("No module named 'tomllib'", "SyntaxError"), f"its Python is too old, 3.11 is needed: {_BUNDLE}"),
    (("ModuleNotFoundError", "No module named"), f"install Penstock for that Python, of 3.11 or later, or {_BUNDLE}"),
    (("it has version",), f"have this version of Penstock there, or {_BUNDLE}"),
    (("exit status 127", "command not found"), "`agent` names a program that is not there: name one, or leave it out"),
    (("exit status 126",), "nothing can be run in its folder: name another one by `home`"),
    (("Exec format error", "GLIBC_"), "name by `agent` a Penstock that is installed there: the bundle is for others"),
    (("No space left", "Disk quota exceeded", "it is full"), f"free some space there, or {_FOLDER}"),
    (("Read-only file system",), f"mount it for writing, or {_FOLDER}"),
    (("be written: Permission denied",), f"have its owner let you write there, or {_FOLDER}"),
    (("under that name",), "that machine does not see the tier's folder: mount it there under the same path"),
    (("killed by SIGKILL",), "something there has killed it, for its memory perhaps: raise `memory`"),
)
_OWN = (": name another folder", "`wheels = true`", "mount what it lies in")
"""Words of errors that say already what to do."""


def mend_of(said: str) -> str:
    """What to do about it; "": the words say so themselves, or nobody knows."""
    if any(own in said for own in _OWN):
        return ""
    return next((mend for signs, mend in _MENDS if any(sign in said for sign in signs)), "")
