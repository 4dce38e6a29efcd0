"""What code tasks reach, as it was when this process took its snapshot, and what is new in it since other runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from penstock.artifacts.canonical import identify
from penstock.artifacts.digests import digest
from penstock.code import fingerprint
from penstock.code.codebase import Codebase
from penstock.code.fingerprint import Fingerprint, Tree
from penstock.errors import UsageError
from penstock.model.environments import Environment
from penstock.model.options import Options
from penstock.model.rows import CodeRecord
from penstock.model.specs import Function, Program, Work

if TYPE_CHECKING:
    from penstock.environments.locks import Lock
    from penstock.launch.flow_modules import FlowModule
    from penstock.model.program_libraries import Library
    from penstock.sdk.steps import Step

    class KnownEnvironments(Protocol):
        """`RunEnvironments`, as far as it is used here."""

        def lock_of(self, environment: Environment | None) -> Lock | None: ...
        def libraries_of(self, environment: Environment | None) -> tuple[Library, ...]: ...
        def image_of(self, environment: Environment | None) -> tuple[str, str, str]: ...


Trees = Callable[[bytes], bytes | None]
"""The packed tree of a code's digest; None: it is not known any more."""


class RunCode:
    """The code of one run's tasks. Implements `engine.ports.Codes`. `tell` takes, once each, what can't be followed of
    the steps that are cached."""

    def __init__(
        self,
        module: FlowModule,
        snapshot: str,
        trees: Trees,
        environments: KnownEnvironments,
        tell: Callable[[str], None],
    ) -> None:
        self._codebase = Codebase(
            snapshot=snapshot,
            sys_path=module.sys_path(),
            module=module.name,
            module_path=module.file,
            folder=os.path.dirname(snapshot),
            value_digest=_value_digest,
            namespace=None if module.name else vars(sys.modules["__main__"]),
        )
        self._trees = trees
        self._lock_of, self._libraries_of = environments.lock_of, environments.libraries_of
        self._image_of = environments.image_of
        self._tell = tell
        self._known: dict[Any, CodeRecord] = {}
        self._news: dict[tuple[bytes, bytes], str] = {}
        self._told = set[str]()
        self._checked = set[Any]()

    def of(self, work: Work, symbols: tuple[str, ...], options: Options) -> CodeRecord:
        # Of a function that travels as a value its name tells it from others: here for each task, so without a call.
        which = work if isinstance(work, Program) else (work.module, work.qualname, work.record is None)
        asked = (which, symbols, options.uses, options.environment)
        known = self._known.get(asked)
        if known is None:
            known = self._known[asked] = self._record(work, symbols, options)
        if options.cache is not None and options.uses is None and asked not in self._checked:
            self._checked.add(asked)
            self._tell_unfollowed(_names(work)[1].rpartition(".")[2], fingerprint.unpack(known.tree))
        return known

    def _record(self, work: Work, symbols: tuple[str, ...], options: Options) -> CodeRecord:
        module, name = _names(work)
        step = f"{module}:{name}"
        program = work if isinstance(work, Program) else None
        found = self._reached(name, (step, *symbols), options.uses or (), program)
        unseen = {f"{step}: its source can't be found", f"the notebook: the source of {name} can't be found"}
        is_found = unseen.isdisjoint(found.tree.unfollowed)
        if options.environment is not None:
            found = self._elsewhere(found, options.environment)
        return CodeRecord(found.digest if is_found else b"", fingerprint.pack(found.tree))

    def check(self, steps: Iterable[Step[Any, Any]]) -> None:
        """Raise UsageError where something that one of the steps declares is not there."""
        for step in steps:
            if step.opts.uses:
                self._reached(step.name, (), step.opts.uses)

    def _reached(
        self, step: str, roots: tuple[str, ...], uses: tuple[str, ...], program: Program | None = None
    ) -> Fingerprint:
        try:
            return self._codebase.fingerprint(roots, uses, program)
        except UsageError as error:
            raise UsageError(f"step {step}: {error}") from None

    def _elsewhere(self, found: Fingerprint, environment: Environment) -> Fingerprint:
        from penstock.code.elsewhere import in_environment

        lock = self._lock_of(environment)
        variables = {name: digest(text.encode(errors="surrogatepass")) for name, text in environment.env}
        libraries = [
            (library.kind, *package) for library in self._libraries_of(environment) for package in library.packages
        ]
        *image, python = self._image_of(environment)
        name, identity = image
        if lock is None:
            return in_environment(found, python, (), "", variables, libraries, (name, identity))
        python = python or lock.version or lock.python
        return in_environment(found, python, lock.builds, lock.selection, variables, libraries, (name, identity))

    def since(self, packed: bytes) -> str:
        """What is new in the code of an earlier task, as words; "" where nothing is. What its environment brought is
        left out of account where it had one. Raises UsageError where a file that was declared is gone."""
        from penstock.code.elsewhere import ITS_OWN, without_packages
        from penstock.reading.trees import tree_of

        before = tree_of(packed, "an earlier task")
        now = self._codebase.fingerprint(before.roots).tree
        first = before.nodes.get(before.roots[0])
        if first is not None and first.kind == "program" and before.roots[0] not in now.nodes:
            return ""  # it is not at the top of a module: what is declared of it is not known before it is called
        if any(node.kind in ITS_OWN for node in before.nodes.values()):
            before, now = without_packages(before), without_packages(now)
        return what_is_new(fingerprint.pack(before), fingerprint.pack(now))

    def news(self, before: bytes, code: CodeRecord) -> str:
        known = self._news.get((before, code.digest))
        if known is None:
            known = self._news[before, code.digest] = what_is_new(self._trees(before), code.tree)
        return known

    def save(self) -> None:
        self._codebase.save()

    def _tell_unfollowed(self, step: str, tree: Tree) -> None:
        for site in tree.unfollowed:
            if site not in self._told:
                self._told.add(site)
                self._tell(
                    f"{step}: {site}: an edit of what that reaches runs nothing again; declare it with uses=[...]"
                )


def _names(work: Work) -> tuple[str, str]:
    match work:
        case Function(module, name, record):
            return (module if record is None else module or "__main__"), name
        case Program(module, name):
            return module, name


def what_is_new(before: bytes | None, now: bytes) -> str:
    """The difference of two packed trees, in a line; "": there is none. `before` None: it is not known any more."""
    from penstock.reading.trees import all_that_is_new

    changes = all_that_is_new(before, now)
    return f"{changes[0]}{f', and {len(changes) - 1} more' if len(changes) > 1 else ''}" if changes else ""


def _value_digest(value: object) -> bytes:
    """Of a generator its kind alone counts: each attempt has it seeded anew; of a program that a function calls all
    that is declared of it, and its files."""
    from penstock.sdk.keys import is_program
    from penstock.worker.generators import Kinds, name_of

    if is_program(value):
        program: Any = value
        return identify((tuple(program.declared), program.files.read(program.files.uses))).digest
    kinds = Kinds()
    kinds.look()
    return identify(name_of(value) if kinds.of(value) is not None else value).digest
