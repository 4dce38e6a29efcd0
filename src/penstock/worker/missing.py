"""A package that is missing where a step runs must not hinder a step that does not use it.

In an interpreter of its own a step has other packages than the flow, but the same modules of the user's, which import
them all. An import that fails there gives a placeholder where one of the user's own files makes it while it is itself
being imported; so does a name that the version there does not have. Everything else goes on as Python has it: a
library's `try: import x`, the user's own, an import in a function that runs, and a module that exists but fails.

Replaces `builtins.__import__` and `importlib.import_module`, and puts nothing into `sys.modules` or `sys.meta_path`,
where libraries would find it.
"""

from __future__ import annotations

import builtins
import importlib
import os
import sys
from types import FrameType, ModuleType, TracebackType
from typing import Any, Callable, Dict, Mapping, Optional, Sequence

from penstock.artifacts import names
from penstock.worker import placeholders, syntax
from penstock.worker.bootstrap import kit_root

_OURS = (kit_root() + os.sep, "<")  # "<": no file, or a module of Python's that is frozen


def install() -> Callable[[BaseException, str], None]:
    """Give placeholders from now on, in this process and in those that are forked from it. What this gives adds to what
    the import of a file of the user's has raised, which placeholders it had."""
    original, by_name = builtins.__import__, importlib.import_module
    stand_ins = _StandIns(original)

    def import_module_or_stand_in(name: str, package: Optional[str] = None) -> Any:
        try:
            return by_name(name, package)
        except ModuleNotFoundError as error:
            frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
            if name.startswith(".") or not _stands_in(error, name, frame):
                raise
            missing = str(error.name)
        return stand_ins.module(name, missing, frame)

    def import_or_stand_in(
        name: str,
        globals: Optional[Mapping[str, object]] = None,  # noqa: A002  Python's own names: they may be passed so
        locals: Optional[Mapping[str, object]] = None,  # noqa: A002
        fromlist: Optional[Sequence[str]] = (),
        level: int = 0,
    ) -> Any:
        try:
            found = original(name, globals, locals, fromlist or (), level)
            if not fromlist or level or all(part == "*" or hasattr(found, part) for part in fromlist):
                return found
            frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
            return stand_ins.lacking(found, frame, fromlist) if _may_lack(name, frame) else found
        except ModuleNotFoundError as error:
            frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
            if level or not _stands_in(error, name, frame):
                raise
            missing = str(error.name)
        if not fromlist:
            return stand_ins.top(name, missing, frame)
        if name in sys.modules:
            return stand_ins.partial(sys.modules[name], missing, frame, fromlist)
        return stand_ins.module(name, missing, frame, "*" in fromlist)

    builtins.__import__ = import_or_stand_in
    importlib.import_module = import_module_or_stand_in
    return stand_ins.explain


class _StandIns:
    """What import statements get in the place of what is missing."""

    def __init__(self, original: Any) -> None:
        self._import = original
        self._packages: Dict[str, placeholders.MissingPackage] = {}

    def explain(self, error: BaseException, file: str) -> None:
        """Say of a module that fails there where that is, and which placeholders it had."""
        from penstock.artifacts import unreadable

        given = ", ".join(f"{package.name} ({package.where})" for package in self._packages.values())
        where = f"the environment of this step, {placeholders.this_python()}"
        unreadable.add(
            error,
            f"{_shown(file)} can't be imported in {where}{f', with placeholders for {given}' if given else ''}. Mend "
            "that, or put the step into a module of its own that does not import this one",
        )

    def module(self, name: str, missing: str, frame: FrameType, everything: bool = False) -> Any:
        """For `from x.y import a`; with `everything`, for `from x.y import *`: the names that nothing else gives."""
        package = self._package(name, missing, frame)
        if not everything:
            return package.part(name)
        found: Dict[str, Any] = {used: package.part(f"{name}.{used}") for used in sorted(syntax.names_used(frame))}
        return _Partial(ModuleType(name), {"__all__": list(found), **found})

    def top(self, name: str, missing: str, frame: FrameType) -> Any:
        """For `import x.y.z`, which gives x: a placeholder, or what is there of x with one inside."""
        parts = name.split(".")
        paths = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
        there = [path for path in paths[:-1] if path in sys.modules]
        made = self.module(paths[len(there)], missing, frame)
        for path in reversed(there):
            made = _Partial(sys.modules[path], {parts[path.count(".") + 1]: made})
        return made

    def partial(self, module: ModuleType, missing: str, frame: FrameType, wanted: Sequence[str]) -> Any:
        """For `from x import a, b`, where x is there and imports what it needs for `b` when that is asked for."""
        found: Dict[str, Any] = {}
        listed = [*getattr(module, "__all__", ())] if "*" in wanted else wanted
        for name in listed:
            try:
                self._import(module.__name__, None, None, (name,), 0)
                found[name] = getattr(module, name)
            except ModuleNotFoundError as error:
                path = f"{module.__name__}.{name}"
                found[name] = self.module(path, error.name or missing, frame)
            except AttributeError:
                found[name] = self._lacked(module, name, frame)
        return _Partial(module, {"__all__": list(found), **found})

    def lacking(self, module: ModuleType, frame: FrameType, wanted: Sequence[str]) -> Any:
        """For `from x import a, b`, where x is there in a version that has no `b`."""
        return _Partial(module, {n: self._lacked(module, n, frame) for n in wanted if not hasattr(module, n)})

    def _lacked(self, module: ModuleType, name: str, frame: FrameType) -> Any:
        path = f"{module.__name__}.{name}"
        return self._package(path, path, frame, module.__name__).part(path)

    def _package(self, name: str, missing: str, frame: FrameType, of: str = "") -> placeholders.MissingPackage:
        known = self._packages.get(name)
        if known is None:
            file, line = _shown(frame.f_code.co_filename), frame.f_lineno
            known = self._packages[name] = placeholders.MissingPackage(name, missing, file, line, of)
        return known


class _Partial(ModuleType):
    """A module that is there, with placeholders for what it lacks."""

    def __init__(self, module: ModuleType, parts: Mapping[str, Any]) -> None:
        super().__init__(module.__name__)
        self.__dict__.update(parts, _penstock_module=module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_penstock_module"], name)


def _stands_in(error: ModuleNotFoundError, name: str, frame: FrameType) -> bool:
    """Whether a placeholder is what the import in `frame` gets."""
    if error.name is None or not _may_lack(name, frame):
        return False
    # Else it is the user's own module that insists on it.
    return f"{name}.".startswith(f"{error.name}.") or not _leads_through_user_s(error.__traceback__)


def _may_lack(name: str, frame: FrameType) -> bool:
    """Whether a placeholder may be what the user's import of something in `name` gets."""
    if not _is_user_s(frame.f_code.co_filename) or not _is_at_import(frame):
        return False
    top = name.partition(".")[0]
    if top in sys.modules and names.is_project_s(top):
        return False  # a mistake in the user's own package
    at: Optional[FrameType] = frame
    while at is not None:
        if _is_user_s(at.f_code.co_filename) and syntax.is_guarded(at):
            return False
        at = at.f_back
    return True


def _is_user_s(file: str) -> bool:
    return not file.startswith(_OURS) and names.is_project_file(file)


def _is_at_import(frame: Optional[FrameType]) -> bool:
    """Whether the user's own code alone leads here from a module that is being imported."""
    while frame is not None and _is_user_s(frame.f_code.co_filename):
        if frame.f_code.co_name == "<module>":
            return placeholders.is_importing(frame)
        frame = frame.f_back
    return False


def _leads_through_user_s(traceback: Optional[TracebackType]) -> bool:
    from traceback import walk_tb

    # The first entry is this module's.
    return any(_is_user_s(frame.f_code.co_filename) for frame, _ in walk_tb(traceback))


def _shown(file: str) -> str:
    """A file, from the working directory on where it is inside."""
    inside = os.path.join(os.getcwd(), "")
    return file[len(inside) :] if file.startswith(inside) else file
