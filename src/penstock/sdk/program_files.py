"""The files that travel with a program: its script, those that its command names, and those that its step `uses`.

They lie beside one another there as they do here, so that a script finds its parts by relative paths.
"""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, Sequence, Tuple

from penstock.artifacts.digests import digest
from penstock.errors import UsageError
from penstock.model.tuples import NamedTuple
from penstock.sdk.notebook_files import NOTEBOOK, code_of

_FILE = "file:"
_MOST_BYTES = 64 << 20
Content = Tuple[Tuple[str, int, bytes], ...]
"""Where a file lies among the others, its mode, and what is in it; of each."""


class FileLayout(NamedTuple):
    """Where the files of a program lie, seen from the folder that holds them all."""

    script: str  # "": there is none
    folder: str  # where the program begins to work
    digests: Tuple[Tuple[str, bytes], ...]  # of those whose change is the program's own; `uses` is counted elsewhere


class ProgramFiles:
    """Those of one program, read when they are asked for, and again when they have changed.

    `told`: the step, and where it is declared, for errors; `base`: the folder of that file; `script`: a path seen from
    there, "" for none; `words`: of a command; `uses`: as `Options` has it.
    """

    def __init__(self, told: str, base: str, script: str, words: Sequence[str], uses: Tuple[str, ...]) -> None:
        self.told, self.script, self.uses = told, script, uses
        self._base = base
        self._words = words
        self._known: Dict[str, Tuple[Any, int, bytes, bytes]] = {}  # stamp, mode, content, digest

    @property
    def text(self) -> bytes:
        """What is in the script. Raises UsageError where it can't be read."""
        return self._read(self._place(self.script))[1]

    def layout(self, uses: Tuple[str, ...]) -> FileLayout:
        """Where they lie. Raises UsageError where one can't be read."""
        own, root = self._own(), self._root(uses)
        start = os.path.dirname(own[0]) if self.script else self._base
        digests = tuple((os.path.relpath(path, root), self._read(path)[2]) for path in own)
        folder = os.path.relpath(start, root)
        return FileLayout(digests[0][0] if self.script else "", "" if folder == "." else folder, digests)

    def read(self, uses: Tuple[str, ...]) -> Content:
        """All that travels. Raises UsageError where something can't be read, or is too large to be code."""
        root, own = self._root(uses), self._own()
        found: Dict[str, Tuple[int, bytes]] = {}
        for path in (*own, *self._used(uses)):
            mode, content, _ = self._read(path)
            found[os.path.relpath(path, root)] = mode | 0o700 if self.script and path == own[0] else mode, content
        return tuple((place, mode, content) for place, (mode, content) in found.items())

    def _place(self, path: str) -> str:
        return os.path.normpath(os.path.join(self._base, path))

    def _counted(self, path: str, content: bytes) -> bytes:
        """What of a file is code, and a change if it changes."""
        is_notebook = self.script.endswith(NOTEBOOK) and path == self._place(self.script)
        return code_of(content) if is_notebook else content

    def _own(self) -> Tuple[str, ...]:
        if self.script:
            return (self._place(self.script),)
        words = [word for at, word in enumerate(self._words) if at or os.sep in word]
        places = (self._place(word) for word in words if word and not os.path.isabs(word))
        return tuple(dict.fromkeys(path for path in places if os.path.isfile(path)))

    def _used(self, uses: Tuple[str, ...]) -> Iterator[str]:
        for name in uses:
            if name.startswith(_FILE):
                yield from _files(name[len(_FILE) :])

    def _root(self, uses: Tuple[str, ...]) -> str:
        given = [os.path.dirname(path) for path in (*self._own(), *self._used(uses))]
        start = given[:1] if self.script else [self._base]
        return os.path.commonpath([*start, *given])

    def _read(self, path: str) -> Tuple[int, bytes, bytes]:
        try:
            status = os.stat(path)
            stamp = status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                if status.st_size > _MOST_BYTES:
                    size = f"{status.st_size >> 20:,} MiB"
                    raise UsageError(f"{self.told}: {path} has {size}, too much for code: give it as an input")
                with open(path, "rb") as file:
                    content = file.read()
                counted = digest(self._counted(path, content))
                known = self._known[path] = stamp, status.st_mode & 0o777, content, counted
        except FileNotFoundError:
            why = f"there is no file {path}: mend its name, which is seen from {self._base}"
            raise UsageError(f"{self.told}: {why}") from None
        except OSError as error:
            raise UsageError(f"{self.told}: can't read {path}: {error.strerror or error}") from error
        return known[1:]


def _files(path: str) -> Iterator[str]:
    """The file itself, or all files in a folder."""
    if not os.path.isdir(path):
        yield path
        return
    for folder, inner, files in os.walk(path):
        inner[:] = sorted(name for name in inner if name not in ("__pycache__", ".penstock", ".git"))
        yield from (os.path.join(folder, name) for name in sorted(files))
