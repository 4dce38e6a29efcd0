"""Named tuples, declared as `typing` has it, whose classes are made in less than half of the time.

A run makes more than a hundred of them at its start, in each of its processes. `typing` compiles the annotation of each
field anew each time, which nobody asks for. What it refuses, the type checker refuses too, which sees its class here.
"""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any, Dict, Tuple

__all__ = ["NamedTuple"]

if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class _Declaration(type):
        """Makes of a class's annotations what `collections.namedtuple` makes of names."""

        def __new__(cls, name: str, bases: Tuple[type, ...], namespace: Dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, namespace)
            fields = namespace.get("__annotations__", {})
            defaults = [namespace[field] for field in fields if field in namespace]
            made = namedtuple(name, fields, defaults=defaults, module=namespace["__module__"])
            for key, value in namespace.items():
                if key not in fields:
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Declaration):
        """What a named tuple is derived from in its declaration; it is none of its bases."""
