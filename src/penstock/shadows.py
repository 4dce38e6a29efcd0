"""Modules of the project that are named like Python's own: each importer gets the one that it means.

Python looks into a script's folder first, so that a `queue.py` in it is what everything in the process would import,
and only one of the two has a place in `sys.modules`. Where there is such a file, and only there, import statements go
by who makes them: the project's files get what plain Python gives them; Penstock, libraries and Python itself get
Python's own. `importlib.import_module` and pickle, which are asked for the project's names, see what the project sees.
A library's extension modules import past import statements: while one of them is loaded, Python's own have the places.

Comes before every other import, so that it can use what Python itself has loaded alone: no `typing`.
"""

import builtins
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EXTERNAL: "Any" = sys.modules.get("_frozen_importlib_external")  # what `importlib.machinery` shows
_HOME = os.__file__.rpartition("/")[0]
_STANDARD = [_HOME, _HOME + "/lib-dynload"]  # PyPy has the first alone
_HERE = __file__.rpartition("/")[0] + "/"
_INSTALLED = ("/site-packages/", "/dist-packages/")
_AT_START = frozenset(sys.modules)


class _Shadows:
    """What is shadowed, and by whom."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.folders: set[str] = set()
        self.standard: dict[str, Any] = {}  # Python's own, where the project's has the place in `sys.modules`
        self.lent: dict[str, Any] = {}  # the project's, while what C code asked for has their place in `sys.modules`
        self.wants_standard = ""  # the name whose import is for Python's own now
        self.in_extension = False  # a library's extension module is being loaded: all names are for Python's own
        self.original: Any = None
        self.listed: frozenset[str] = frozenset()  # Python's modules, where it does not say so itself

    def import_(
        self,
        name: str,
        globals: "Any" = None,  # noqa: A002  Python's own names: they may be passed so
        locals: "Any" = None,  # noqa: A002
        fromlist: "Any" = (),
        level: int = 0,
    ) -> "Any":
        if self.lent:
            self._give_back()
        top = name.partition(".")[0]
        if level or top not in self.names:
            return self.original(name, globals, locals, fromlist, level)
        if self._is_project_s(globals, fromlist):
            return self._as_project(top, name, globals, locals, fromlist)
        found = self.standard.get(name)
        if found is not None and all(hasattr(found, each) for each in fromlist or ()):
            found = found if fromlist else self.standard[top]
        else:
            found = self._as_standard(top, name, globals, locals, fromlist)
        if type(fromlist) is list and not fromlist:
            self._lend(top)
        return found

    def find_spec(self, fullname: str, path: "Any" = None, target: "Any" = None) -> "Any":
        """Python's own, where that is wanted: past the project's folders."""
        if fullname != self.wants_standard and not (self.in_extension and fullname.partition(".")[0] in self.names):
            return None
        spec = _EXTERNAL.PathFinder.find_spec(fullname, _STANDARD)
        if spec is None:  # one of another system's: Python tries some
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return spec

    def _as_project(self, top: str, *how: "Any") -> "Any":
        if top in sys.modules and not _is_project_s(top):
            self.standard.update(_taken(top))
        before = self.wants_standard, self.in_extension
        self.wants_standard, self.in_extension = "", False
        try:
            return self.original(*how, 0)
        finally:
            self.wants_standard, self.in_extension = before

    def _as_standard(self, top: str, *how: "Any") -> "Any":
        theirs = _taken(top) if _is_project_s(top) else {}
        if theirs or top in self.standard:
            sys.modules.update({name: self.standard[name] for name in self.standard if _is_in(name, top)})
        wanted, self.wants_standard = self.wants_standard, top
        try:
            return self.original(*how, 0)
        finally:
            self.wants_standard = wanted
            if theirs:
                self.standard.update(_taken(top))
                sys.modules.update(theirs)

    def loading(self, load: "Any") -> "Any":
        """How the loader of extension modules does a part of its work, so that a library's get Python's own."""

        def guarded(loader: "Any", what: "Any") -> "Any":
            if self.in_extension or self.lies_in_project(loader.path):
                return load(loader, what)
            theirs: dict[str, Any] = {}
            for top in self.names:
                if top in sys.modules and _is_project_s(top):
                    theirs.update(_taken(top))
            sys.modules.update({name: module for name, module in self.standard.items() if name not in sys.modules})
            self.in_extension = True
            try:
                return load(loader, what)
            finally:
                self.in_extension = False
                for top in {name.partition(".")[0] for name in theirs}:
                    self.standard.update(_taken(top))
                sys.modules.update(theirs)

        return guarded

    def _lend(self, top: str) -> None:
        """C code, which asks so, throws away what it is given, and takes what stands in `sys.modules` then."""
        if top in self.standard and _is_project_s(top):
            self.lent = _taken(top)
            sys.modules.update({name: self.standard[name] for name in self.standard if _is_in(name, top)})

    def _give_back(self) -> None:
        """With the next import, whatever it is."""
        lent, self.lent = self.lent, {}
        for top in {name.partition(".")[0] for name in lent}:
            _taken(top)
        sys.modules.update(lent)

    def _is_project_s(self, variables: "Any", fromlist: "Any") -> bool:
        """Whether the project's own code imports, or something is unpickled or asked for by its name."""
        if variables is None:
            return True
        file = variables.get("__file__")
        if type(fromlist) is list and file is not None and ("pickle" in file or file.startswith(_HERE + "artifacts")):
            return True
        return (file is None and variables.get("__name__") == "__main__") or self.lies_in_project(file)

    def lies_in_project(self, file: "Any") -> bool:
        if type(file) is not str or file.startswith(_HERE) or any(part in file for part in _INSTALLED):
            return False
        return not file.startswith("/") or any(file.startswith(folder) for folder in self.folders)


_SHADOWS = _Shadows()


def guard() -> None:
    """Look which of Python's modules are shadowed; for whoever has changed `sys.path`."""
    names: set[str] = set()
    for folder in sys.path:
        if folder == _HOME or folder.endswith(".zip"):
            break
        found = _shadowed_by(folder)
        if found:
            names |= found
            _SHADOWS.folders.add((folder or os.getcwd()) + "/")
    if not names:
        return
    # What Python itself had loaded before is everybody's, in plain Python too.
    shared = {name for name in names & _AT_START if not _is_project_s(name)}
    _SHADOWS.names |= names - shared
    if _SHADOWS.names and _SHADOWS.original is None:
        _SHADOWS.original = builtins.__import__
        builtins.__import__ = _SHADOWS.import_
        extensions = _EXTERNAL.ExtensionFileLoader
        extensions.create_module = _SHADOWS.loading(extensions.create_module)
        extensions.exec_module = _SHADOWS.loading(extensions.exec_module)
    if _SHADOWS.names:
        finders: list[Any] = sys.meta_path
        finders[:] = [_SHADOWS, *(finder for finder in finders if finder is not _SHADOWS)]


def standard(name: str) -> "Any":
    """The module of this name that is no file of the project's; None: it is not loaded."""
    if name in _SHADOWS.standard:
        return _SHADOWS.standard[name]
    return None if name in _SHADOWS.names and _is_project_s(name) else sys.modules.get(name)


def _is_project_s(name: str) -> bool:
    return _SHADOWS.lies_in_project(getattr(sys.modules.get(name), "__file__", None))


def _is_in(name: str, top: str) -> bool:
    return name == top or name.startswith(top + ".")


def _taken(top: str) -> "dict[str, Any]":
    return {name: sys.modules.pop(name) for name in [name for name in sys.modules if _is_in(name, top)]}


def _shadowed_by(folder: str) -> "set[str]":
    """Names of Python's modules that a folder has files for; none where it has none of Python's."""
    try:
        entries = os.listdir(folder or ".")
    except OSError:
        return set()
    candidates = {entry[:-3] for entry in entries if entry.endswith(".py")}
    candidates |= {entry for entry in entries if "." not in entry and entry in _standard_names()}
    return (candidates & _standard_names()) - set(sys.builtin_module_names)


def _standard_names() -> "Any":
    known = getattr(sys, "stdlib_module_names", None) or _SHADOWS.listed  # from Python 3.10 on
    if not known:
        entries = [entry for folder in _STANDARD if os.path.isdir(folder) for entry in os.listdir(folder)]
        known = _SHADOWS.listed = frozenset(entry.partition(".")[0] for entry in entries if entry != "site-packages")
    return known
