"""A run's code, as its workers see it: makes the fingerprints of its steps from snapshot, disk and live values."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from blake3 import blake3

from penstock.code.declared import is_there
from penstock.code.fingerprint import Fingerprint, Node, ProjectCode
from penstock.code.graph import CodeGraph
from penstock.code.installed import describe_python
from penstock.code.live import Live
from penstock.code.locating import Locator
from penstock.code.meanings import Found, Source, Value
from penstock.code.outline_file import OutlineFile
from penstock.errors import StoreError, UsageError
from penstock.model import wire
from penstock.model.specs import Program

_FILE = "file:"
_MAIN = "__main__"  # the module of a notebook


class Codebase:
    """The code of one run. Made in the process that drives it, once its flow's module is loaded.

    `snapshot` is the file of the run's code snapshot; `module` and `module_path` are the flow's module and its file,
    both "" in a notebook, whose live names are then `namespace`. Outlines of sources are kept in `folder`.
    `value_digest` gives the digest of a value, or b"" where it has no stable form.
    """

    def __init__(
        self,
        *,
        snapshot: Path,
        sys_path: Sequence[str],
        module: str,
        module_path: str,
        folder: Path,
        value_digest: Callable[[object], bytes],
        namespace: Mapping[str, Any] | None = None,
    ) -> None:
        self._outlines = OutlineFile(folder)
        self._locator = Locator(_sources(snapshot), sys_path, module, module_path, self._outlines)
        self._module = module
        self._module_path = module_path
        self._live = Live(value_digest)
        self._namespace = namespace if not module else None
        self._notebook: Source | None = None
        self._graph = CodeGraph(self)
        self._code = ProjectCode(self._graph, module or _MAIN, describe_python())
        self._known: dict[tuple[tuple[str, ...], Program | None], Fingerprint] = {}

    def fingerprint(
        self, roots: Sequence[str], declared: Sequence[str] = (), program: Program | None = None
    ) -> Fingerprint:
        """The fingerprint of all that the roots reach, the step first, and of what was declared beside it.

        A root is "module:qualname"; `program` is what the first one is, where it is no function. Declared is also
        "module", all of it, or an installed package; and "file:/a/path", a file by its content, or a folder by all
        files in it. `tree.roots` of the answer makes it again.
        Raises UsageError where what was declared is not there. Blocks: milliseconds; for sources that were never seen
        before, some milliseconds each.
        """
        names = tuple(dict.fromkeys((*roots, *declared)))
        asked = names, program
        if asked not in self._known:
            for name in declared:
                self._check(name)
            given = {name: self._file_nodes(name) for name in names if name.startswith(_FILE)}
            if roots and (found := program or self._program(roots[0])) is not None:
                given[roots[0]] = _program_nodes(found)
            self._known[asked] = self._code.fingerprint(names, given)
        return self._known[asked]

    def save(self) -> None:
        """Keep what was read, for the next start. A folder that can't be written costs time there, no more."""
        self._outlines.save()

    def _check(self, name: str) -> None:
        if not (name.startswith(_FILE) or is_there(name, self._graph, self._names(name.partition(":")[0]))):
            raise UsageError(
                f"uses=: {name!r} was declared as code of a step, and there is no such thing: mend its name"
            )

    # The port of `meanings.Modules`

    def find(self, name: str) -> Found:
        if name == _MAIN and self._namespace is not None:
            if self._notebook is None:
                from penstock.code import notebook

                found = notebook.outline_of(self._namespace)
                self._notebook = Source(name, "the notebook", found, False)
            return self._notebook
        return self._locator.find(name)

    def value(self, module: str, name: str, is_chosen: bool, keeps: Collection[str]) -> Value | None:
        names = self._names(module)
        return None if names is None else self._live.value(names, module, name, is_chosen, keeps)

    def _names(self, module: str) -> Mapping[str, Any] | None:
        if module == _MAIN and self._namespace is not None:
            return self._namespace
        loaded = sys.modules.get(module)
        if loaded is None and module == self._module:
            main = sys.modules["__main__"]
            loaded = main if os.path.abspath(getattr(main, "__file__", None) or "") == self._module_path else None
        return vars(loaded) if isinstance(loaded, ModuleType) else None

    def _program(self, root: str) -> Program | None:
        """What a step of a loaded module is, where it is a program."""
        module, _, name = root.partition(":")
        step = (self._names(module) or {}).get(name)
        return getattr(getattr(step, "fn", None), "declared", None)

    def _file_nodes(self, name: str) -> dict[str, Node]:
        path = name.removeprefix(_FILE)
        place = self._relative(path)
        hasher = blake3()
        try:
            for file in _files(path):
                for part in (os.fsencode(os.path.relpath(file, path)), blake3(Path(file).read_bytes()).digest()):
                    hasher.update(len(part).to_bytes(4, "big") + part)
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(f"uses=: {path} was declared as code of a step, and can't be read: {reason}") from None
        return {f"{_FILE}{place}": Node("file", hasher.digest(), place, ())}

    def _relative(self, path: str) -> str:
        folder = os.path.dirname(self._module_path) if self._module_path else os.getcwd()
        return os.path.relpath(path, folder) if path.startswith(folder + os.sep) else path


def _program_nodes(program: Program) -> dict[str, Node]:
    """What is declared of a program, and its script. What it is run by, and what it calls, is not known."""
    identity, script = f"{program.module}:{program.name}", f"{_FILE}{program.script}"
    declared = blake3(repr((program.command, program.inputs, program.outputs)).encode()).digest()
    nodes = {identity: Node("program", declared, "", (script,) if program.script else ())}
    if program.script:
        nodes[script] = Node("file", program.content, program.script, ())
    return nodes


def _sources(snapshot: Path) -> dict[str, tuple[int, int, bytes]]:
    try:
        return wire.unpack(snapshot.read_bytes())
    except OSError as error:
        raise StoreError(f"can't read the run's sources in {snapshot}: {error.strerror or error}") from error


def _files(path: str) -> Iterator[str]:
    """The file itself, or all files in a folder, sorted. Raises OSError where there is none."""
    if not os.path.isdir(path):
        yield path
        return
    for folder, inner, files in os.walk(path):
        inner.sort()
        inner[:] = [name for name in inner if name != "__pycache__"]
        yield from (os.path.join(folder, name) for name in sorted(files))
