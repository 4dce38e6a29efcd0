"""What the end of a process is spared: the collector's last looks, where they can't find anything to do.

Python looks three times through all objects when it ends, so that what stands in cycles comes to its own end, too: a
file writes what it holds, `__del__` is called. For all that imports have made this is felt in the smallest run.
Where nothing is alive that does anything at its end, nobody can tell that they were left out.
"""

from __future__ import annotations

import atexit
import gc
import sys
from importlib.machinery import ExtensionFileLoader
from types import FunctionType
from typing import Any

_FOLLOWED = (sys.stdlib_module_names | {"blake3", "msgspec"}) - {"_dbm", "_gdbm"}
"""Packages whose C code makes no object that does something at its end and doesn't say so by `__del__`."""

_HAS_CYCLES = 1 << 14  # `Py_TPFLAGS_HAVE_GC`


def spare() -> None:
    """When this process ends, leave them out if they would find nothing. Idempotent."""
    atexit.unregister(_leave_out)
    atexit.register(_leave_out)


def _leave_out() -> None:
    if hasattr(gc, "freeze") and not _has_other_code() and not _has_ends():  # PyPy has none
        gc.freeze()


def _has_other_code() -> bool:
    """Whether another package has brought C code, whose objects may do anything."""
    specs = (getattr(module, "__spec__", None) for module in list(sys.modules.values()))
    return any(
        isinstance(spec.loader, ExtensionFileLoader) and spec.name.partition(".")[0] not in _FOLLOWED
        for spec in specs
        if spec is not None
    )


def _has_ends() -> bool:
    """Whether anything is alive that does something at its end, generators included. Not the standard streams, which
    are flushed by name."""
    # There are fewer classes than objects, and to ask a class for an attribute that it has not takes longest.
    classes = set(_derived([cls for cls in _derived([object]) if "__del__" in vars(cls)]))
    if any(_is_unseen(cls) for cls in classes):
        return True
    found, rest = 0, map(type, gc.get_objects())
    while not classes.isdisjoint(rest):  # it stops behind one. To count by calls takes seven times as long
        found += 1
    streams = [stream for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__) if stream is not None]
    buffers: list[Any] = [getattr(stream, "buffer", None) for stream in streams]
    parts: dict[int, type] = {
        id(part): type(part) for part in (*streams, *buffers, *(getattr(it, "raw", None) for it in buffers))
    }
    return found != sum(map(classes.__contains__, parts.values()))


def _derived(bases: list[type]) -> list[type]:
    """These classes, and all that are derived from them."""
    found = list(bases)
    for cls in found:
        found += type.__subclasses__(cls)
    return found


def _is_unseen(cls: type) -> bool:
    """Whether objects of this class are unknown to the collector, as nothing can be in them, and it is one of Python's:
    all of the standard library's own that do something at their end are known to it."""
    return not cls.__flags__ & _HAS_CYCLES and any(
        isinstance(vars(it).get("__del__"), FunctionType) for it in cls.__mro__
    )
