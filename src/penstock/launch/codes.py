"""What code tasks reach, as it was when this process took its snapshot, and what is new in it since other runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from penstock.artifacts.canonical import identify
from penstock.code import fingerprint
from penstock.code.codebase import Codebase
from penstock.code.fingerprint import Fingerprint, Tree
from penstock.engine.reuse import Codes
from penstock.model.options import Options
from penstock.model.rows import CodeRecord
from penstock.model.specs import Code, RunContext

if TYPE_CHECKING:
    from pathlib import Path

Trees = Callable[[bytes], bytes | None]
"""The packed tree of a code's digest; None: it is not known any more."""


class CodeBook:
    """The code of one run's tasks. `tell` takes, once each, what can't be followed of the steps that are cached."""

    def __init__(self, context: RunContext, folder: Path, trees: Trees, tell: Callable[[str], None]) -> None:
        self._codebase = _codebase(context, folder)
        self._trees = trees
        self._tell = tell
        self._known: dict[Any, CodeRecord] = {}
        self._news: dict[tuple[bytes, bytes], str] = {}
        self._told = set[str]()

    def wired(self) -> Codes:
        """As the engine wants it."""
        return Codes(self.of, self.news)

    def of(self, code: Code, symbols: tuple[str, ...], options: Options) -> CodeRecord:
        """What a step reaches, with the project's classes and functions inside its inputs."""
        asked = (code.module, code.qualname, code.record is None, symbols, options.uses)
        known = self._known.get(asked)
        if known is None:
            module = code.module if code.record is None else code.module or "__main__"
            step = f"{module}:{code.qualname}"
            found = self._codebase.fingerprint((step, *symbols), options.uses or ())
            unseen = {
                f"{step}: its source can't be found",
                f"the notebook: the source of {code.qualname} can't be found",
            }
            is_found = unseen.isdisjoint(found.tree.unfollowed)
            known = self._known[asked] = CodeRecord(found.digest if is_found else b"", fingerprint.pack(found.tree))
            if options.cache is not None and options.uses is None:
                self._tell_unfollowed(code.qualname.rpartition(".")[2], found.tree)
        return known

    def now(self, tree: Tree) -> Fingerprint:
        """What the code of an earlier task is now. Raises UsageError where a file that was declared is gone."""
        return self._codebase.fingerprint(tree.roots)

    def news(self, before: bytes, code: CodeRecord) -> str:
        """What is new since the code of a digest, as words."""
        known = self._news.get((before, code.digest))
        if known is None:
            known = self._news[before, code.digest] = what_is_new(self._trees(before), code.tree)
        return known

    def save(self) -> None:
        """Keep what was read of the sources for the next start."""
        self._codebase.save()

    def _tell_unfollowed(self, step: str, tree: Tree) -> None:
        for site in tree.unfollowed:
            if site not in self._told:
                self._told.add(site)
                self._tell(
                    f"{step}: {site}: an edit of what that reaches runs nothing again; declare it with uses=[...]"
                )


def what_is_new(before: bytes | None, now: bytes) -> str:
    """The difference of two packed trees, in a line; "": there is none. `before` None: it is not known any more."""
    from penstock.code.differences import differences

    if before is None:
        return "its code is not the one that was recorded"
    changes = differences(fingerprint.unpack(before), fingerprint.unpack(now))
    if not changes:
        return ""
    more = f", and {len(changes) - 1} more" if len(changes) > 1 else ""
    return f"{changes[0]}{more}"


def _codebase(context: RunContext, folder: Path) -> Codebase:
    from pathlib import Path

    return Codebase(
        snapshot=Path(context.sources),
        sys_path=context.sys_path,
        module=context.module,
        module_path=context.module_path,
        folder=folder,
        value_digest=lambda value: identify(value).digest,
        namespace=None if context.module else _notebook(),
    )


def _notebook() -> Mapping[str, Any]:
    return vars(sys.modules["__main__"])
