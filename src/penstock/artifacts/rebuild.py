"""What stands in records as a callable: how parts of a value come back when a skeleton is unpickled.

The names in here are part of the record format: never rename or remove one. Libraries are imported when they are needed.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple


def ref(number: int) -> Any:
    """The result that an edge stands for. `decode` puts its own in the place of this name."""
    raise LookupError(f"reference {number} is read outside of `decode`")


def blob(number: int) -> Any:
    """The bytes of a blob. `decode` puts its own in the place of this name."""
    raise LookupError(f"blob {number} is read outside of `decode`")


def path(name: str, entries: List[Any]) -> Any:
    """A stored file or folder. `decode` puts its own in the place of this name."""
    raise LookupError(f"file {name} is read outside of `decode`")


def array(data: Any, dtype: Any, shape: Tuple[int, ...], order: str) -> Any:
    """A numpy array over `data`; writable."""
    import numpy as np

    return np.ndarray(shape, np.dtype(dtype), data, order=order)  # pyright: ignore


def strings(offsets: Any, data: Any, shape: Tuple[int, ...]) -> Any:
    """A numpy object array of `str`."""
    from penstock.artifacts import texts

    return texts.unpack(offsets, data).reshape(shape)


def exception(
    kind: Any, args: Tuple[Any, ...], state: Optional[Dict[str, Any]], cause: Any = None, quiet: bool = False
) -> BaseException:
    """An exception, without a call of its own `__init__`."""
    from penstock.artifacts import failures

    return failures.rebuild(kind, args, state, cause, quiet)
