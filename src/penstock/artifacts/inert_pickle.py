"""What a skeleton says, read without making anything of it: calls stay calls, and no module is imported.

For looking only. A value that is made here would be somebody's code; what comes back is plain data and `InertCall`s.
"""

from __future__ import annotations

import io
import pickle
from typing import Any, Dict, List, Tuple, Type, cast


class InertCall:
    """A call that a skeleton makes, or an object and the state that it is given; neither has happened."""

    name = ""  # "penstock.artifacts.rebuild.array"
    state: Any = None

    def __new__(cls, *args: Any, **named: Any) -> InertCall:
        made = object.__new__(cls)
        made.args = args
        return made

    def __init__(self, *args: Any, **named: Any) -> None:
        self.args: Tuple[Any, ...]

    def __call__(self, *args: Any, **named: Any) -> InertCall:
        return InertCall()

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def append(self, item: Any) -> None:
        """What is put into it is not kept."""

    def extend(self, items: Any) -> None:
        """Likewise."""

    def add(self, item: Any) -> None:
        """Likewise."""

    def __setitem__(self, key: Any, item: Any) -> None:
        """Likewise."""


class Whole(bytes):
    """Stands for a buffer that lies in a blob of its own."""

    number = 0


def read(skeleton: Any, in_order: List[int], modules: Tuple[str, ...]) -> Any:
    """What a skeleton says. `in_order`: numbers of the blobs that it takes one after another; `modules`: those whose
    names are told, all others have none. Raises what a damaged pickle raises."""
    buffers: List[Any] = []
    for number in in_order:
        whole = Whole()
        whole.number = number
        buffers.append(whole)
    return _Inert(io.BytesIO(skeleton), iter(buffers), modules).load()


_kinds: Dict[str, Type[InertCall]] = {}


class _Inert(pickle.Unpickler):
    def __init__(self, file: Any, buffers: Any, modules: Tuple[str, ...]) -> None:
        super().__init__(file, buffers=buffers)
        self._modules = modules

    def find_class(self, module_name: str, global_name: str) -> Any:
        if not module_name.startswith(self._modules):
            return InertCall
        name = f"{module_name}.{global_name}"
        known = _kinds.get(name)
        if known is None:
            known = _kinds[name] = cast("Type[InertCall]", type("InertCall", (InertCall,), {"name": name}))
        return known
