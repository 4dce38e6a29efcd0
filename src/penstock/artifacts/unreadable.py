"""Why a stored value can't be read here, for the user: what it needs, what is here instead, and what can be done.

Imported only after a value could not be read. Unpickles nothing: names and versions are looked up, no more.
"""

from __future__ import annotations

import importlib
import operator
import pickletools
import sys
from importlib import metadata
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from penstock.artifacts import records, renamed
from penstock.artifacts.store import BlobStore
from penstock.errors import PenstockError
from penstock.model.tuples import NamedTuple

_ANOTHER = "Install the version that wrote it in "
_NOBODYS = ("penstock", "cloudpickle", "builtins", "__main__")

Written = Callable[[Tuple[str, ...]], str]
"""Says who wrote a value and with which versions of the packages of these modules; "" where nobody knows."""


def explain(
    error: Exception, what: str, record: bytes, store: BlobStore, mend: str, written: Optional[Written] = None
) -> Optional[Tuple[str, ...]]:
    """Add to an exception that `codec.decode` raised: what could not be read, and why; Penstock's own say so already.

    `what` names the value, `mend` says what to do where its package is missing; `written` None: nobody here knows who
    wrote it. Gives the modules that reading it needs, as far as one can tell; None where nothing was added.
    """
    if isinstance(error, (PenstockError, MemoryError)):
        return None
    try:
        lack = _lack(error, list(_names(record, store)))
    except Exception:  # noqa: BLE001  an odd pickle, or a broken installation: what was raised must be seen all the same
        lack = _Lack((), "", "")
    version = ".".join(map(str, sys.version_info[:3]))
    advice = f". {lack.hint}{mend}" if lack.hint else ""
    add(error, f"{what} can't be read in this environment, Python {version} at {sys.executable}{lack.text}{advice}")
    told = written(lack.modules) if written is not None else ""
    if told:
        add(error, told)
    return lack.modules


class _Lack(NamedTuple):
    modules: Tuple[str, ...]  # that it needs
    text: str  # what is missing
    hint: str  # how to mend it begins so; "": nothing is known to be missing


def _lack(error: Exception, names: List[Tuple[str, str]]) -> _Lack:
    if isinstance(error, ModuleNotFoundError) and error.name:
        found = distribution_of(error.name) if "." in error.name else ""
        if found:
            return _Lack((error.name,), f": it needs {error.name}, which {found} does not have", _ANOTHER)
        return _Lack((error.name,), f": it needs {error.name}, which is not installed here", "Install it in ")
    for module, name in names:
        if not _is_here(module, name):
            found = distribution_of(module)
            there = f"{found} does not have" if found else "is not here"
            return _Lack((module,), f": it needs {module}.{name}, which {there}", _ANOTHER)
    here = {module.partition(".")[0]: distribution_of(module) for module, _ in names}
    found = sorted({text for text in here.values() if text})
    if not found:
        return _Lack((), "", "")
    hint = "Another version may have written it: install that one in "
    return _Lack(tuple(module for module, text in here.items() if text), f", which has {', '.join(found)}", hint)


def distribution_of(module: str) -> str:
    """The installed package that a module belongs to and its version, "scikit-learn 1.5.2"; "" where there is none."""
    top = module.partition(".")[0]
    if top in _NOBODYS:
        return ""
    names = (top, *(name for name in _distributions().get(top, ()) if name != top))
    for name in names:
        try:
            return f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            continue
    return ""


def _distributions() -> Dict[str, List[str]]:
    """Distributions by top-level module."""
    listed: Any = getattr(metadata, "packages_distributions", None)
    if listed is not None:
        return dict(listed())
    found: Dict[str, List[str]] = {}  # before Python 3.10
    for one in metadata.distributions():
        tops = {str(file).partition("/")[0].partition(".")[0] for file in one.files or () if str(file).endswith(".py")}
        for top in tops.union((one.read_text("top_level.txt") or "").split()):
            found.setdefault(top, []).append(one.metadata["Name"])
    return found


def _is_here(module: str, name: str) -> bool:
    try:
        operator.attrgetter(name)(importlib.import_module(module))
    except Exception:  # noqa: BLE001  the import of a library that may be broken
        return renamed.find(module, name) is not None
    return True


def _names(record: bytes, store: BlobStore) -> Iterator[Tuple[str, str]]:
    """(module, name) of what the pickle of a record asks for, in its order."""
    parsed = records.parse(record)
    skeleton = store.get(*parsed.skeleton_blob) if parsed.skeleton_blob[0] else parsed.skeleton
    texts: List[Optional[str]] = []  # what the last operations pushed, where it is text
    memo: List[Optional[str]] = []
    for operation, argument, _ in pickletools.genops(bytes(skeleton)):
        name = operation.name
        if name == "MEMOIZE":
            memo.append(texts[-1] if texts else None)
        elif name == "STACK_GLOBAL":
            module, qualname = texts[-2:]
            if module is not None and qualname is not None:
                yield module, qualname
            texts.append(None)
        elif "GET" in name:
            texts.append(memo[int(argument or 0)])
        else:
            texts.append(argument if "UNICODE" in name else None)


def add(error: BaseException, text: str) -> None:
    """Add a note to an exception; where Python has none yet, to its message."""
    add_note: Any = getattr(error, "add_note", None)
    if add_note is not None:
        add_note(text)
        return
    message = f"{error}\n{text}"  # before Python 3.11
    error.args = (message, *error.args[1:])
    if isinstance(error, (ImportError, SyntaxError)):
        error.msg = message
