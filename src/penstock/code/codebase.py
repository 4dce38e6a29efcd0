"""A run's code, as its workers see it: makes the fingerprints of its steps from snapshot, disk and live values."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any

from blake3 import blake3

from penstock.code.fingerprint import Fingerprint, Node, ProjectCode, pack, unpack
from penstock.code.graph import BUILTINS, CodeGraph
from penstock.code.installed import describe_python
from penstock.code.kept import KeptFile, key_of
from penstock.code.locating import Locator
from penstock.code.meanings import Found, Source, Value
from penstock.code.outline_file import OutlineFile
from penstock.errors import StoreError, UsageError
from penstock.model import wire
from penstock.model.specs import Program

if TYPE_CHECKING:
    from penstock.code.live import Live

_FILE = "file:"
_MAIN = "__main__"  # the module of a notebook

_Given = dict[str, dict[str, Node]]
_Question = tuple[str, str, bool, tuple[str, ...]]
"""The arguments of `Modules.value`."""


class Codebase:
    """The code of one run. Made in the process that drives it, once its flow's module is loaded.

    `snapshot` is the file of the run's code snapshot; `module` and `module_path` are the flow's module and its file,
    both "" in a notebook, whose live names are then `namespace`. Outlines of sources are kept in `folder`.
    `value_digest` gives the digest of a value, or b"" where it has no stable form.
    """

    def __init__(
        self,
        *,
        snapshot: str,
        sys_path: Sequence[str],
        module: str,
        module_path: str,
        folder: str,
        value_digest: Callable[[object], bytes],
        namespace: Mapping[str, Any] | None = None,
    ) -> None:
        self._outlines = OutlineFile(folder)
        self._kept = KeptFile(os.path.join(folder, "fingerprints"))
        self._locator = Locator(_sources(snapshot), sys_path, module, module_path, self._outlines)
        self._module = module
        self._module_path = module_path
        self._value_digest = value_digest
        self._namespace = namespace if not module else None
        self._notebook: Source | None = None
        self._graph = CodeGraph(self)
        self._python = describe_python()
        self._code = ProjectCode(self._graph, module or _MAIN, self._python)
        self._known: dict[tuple[tuple[str, ...], Program | None], Fingerprint] = {}
        self._values: dict[_Question, Any] = {}
        self._facts: dict[str | _Question, Any] = {}

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
            given: _Given = {name: self._file_nodes(name) for name in names if name.startswith(_FILE)}
            if roots and (found := program or self._program(roots[0])) is not None:
                given[roots[0]] = _program_nodes(found)
            self._known[asked] = self._find_kept(names, given) or self._make(names, given)
        return self._known[asked]

    def save(self) -> None:
        """Keep what was made, for the next start. A folder that can't be written costs time there, no more."""
        self._outlines.save()
        self._kept.save()

    # A fingerprint depends on its roots and on what the graph is answered here: where all answers are as they were when
    # it was made, so is the fingerprint. The graph asks each question once, for all fingerprints: one is kept with all
    # answers that were given until then.

    def _make(self, names: tuple[str, ...], given: _Given) -> Fingerprint:
        found = self._code.fingerprint(names, given)
        if self._namespace is None:
            self._kept.put(self._key(names, given), wire.pack((self._facts, found.digest, pack(found.tree))))
        return found

    def _find_kept(self, names: tuple[str, ...], given: _Given) -> Fingerprint | None:
        if self._namespace is not None or (packed := self._kept.get(self._key(names, given))) is None:
            return None
        facts, digest, tree = wire.unpack(packed)
        agrees = all(self._answer(asked) == answer for asked, answer in facts.items())
        return Fingerprint(digest, unpack(tree)) if agrees else None

    def _key(self, names: tuple[str, ...], given: _Given) -> bytes:
        return key_of(repr((self._module, self._module_path, self._python, sorted(BUILTINS), names, given)).encode())

    def _answer(self, asked: str | _Question) -> Any:
        """As plain data."""
        if isinstance(asked, str):
            return tuple(self._locator.fact(asked))
        if asked not in self._values:
            module, name, is_chosen, keeps = asked
            names = self._names(module)
            value = None if names is None else self._live.value(names, module, name, is_chosen, keeps)
            self._values[asked] = None if value is None else tuple(value)
        return self._values[asked]

    @cached_property
    def _live(self) -> Live:
        from penstock.code.live import Live

        return Live(self._value_digest)

    def _check(self, name: str) -> None:
        from penstock.code.declared import is_there

        if not (name.startswith(_FILE) or is_there(name, self._graph, self._names(name.partition(":")[0]))):
            raise UsageError(
                f"uses=: {name!r} was declared as code of a step, and there is no such thing: mend its name; a file is "
                f"declared as Path({name!r})"
            )

    # The port of `meanings.Modules`

    def find(self, name: str) -> Found:
        if name == _MAIN and self._namespace is not None:
            if self._notebook is None:
                from penstock.code import notebook

                found = notebook.outline_of(self._namespace)
                self._notebook = Source(name, "the notebook", found, False)
            return self._notebook
        if name not in self._facts:
            self._facts[name] = self._answer(name)
        return self._locator.find(name)

    def value(self, module: str, name: str, is_chosen: bool, keeps: tuple[str, ...]) -> Value | None:
        asked = module, name, is_chosen, keeps
        answer = self._facts[asked] = self._answer(asked)
        return None if answer is None else Value(*answer)

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
                for part in (os.fsencode(os.path.relpath(file, path)), blake3(_content(file)).digest()):
                    hasher.update(len(part).to_bytes(4, "big") + part)
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(f"uses=: {path} was declared as code of a step, and can't be read: {reason}") from None
        return {f"{_FILE}{place}": Node("file", hasher.digest(), place, ())}

    def _relative(self, path: str) -> str:
        folder = os.path.dirname(self._module_path) if self._module_path else os.getcwd()
        return os.path.relpath(path, folder) if path.startswith(folder + os.sep) else path


def _program_nodes(program: Program) -> dict[str, Node]:
    """What is declared of a program, and its files. What it is run by, and what it calls, is not known."""
    identity = f"{program.module}:{program.name}"
    said = program.command, program.inputs, program.outputs, program.defaults
    files = {f"{_FILE}{place}": Node("file", found, place, ()) for place, found in program.files}
    return {
        identity: Node("program", blake3(repr(said).encode()).digest(), "", tuple(sorted(files)), program.language),
        **files,
    }


def _sources(snapshot: str) -> dict[str, tuple[int, int, bytes]]:
    try:
        return wire.unpack(_content(snapshot))
    except OSError as error:
        raise StoreError(f"can't read the run's sources in {snapshot}: {error.strerror or error}") from error


def _content(file: str) -> bytes:
    with open(file, "rb") as opened:
        return opened.read()


def _files(path: str) -> Iterator[str]:
    """The file itself, or all files in a folder, sorted. Raises OSError where there is none."""
    if not os.path.isdir(path):
        yield path
        return
    for folder, inner, files in os.walk(path):
        inner.sort()
        inner[:] = [name for name in inner if name != "__pycache__"]
        yield from (os.path.join(folder, name) for name in sorted(files))
