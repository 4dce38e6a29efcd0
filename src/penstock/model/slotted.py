"""Classes of declared fields that can be set, as `dataclasses` has them with `slots`, made in a thirtieth of the time.

`dataclasses` compiles each method of each class. Here the constructors differ in names alone, as those of named tuples
do, and there is nothing else: two objects are the same where they are one.
"""

from __future__ import annotations

from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, Dict, Tuple

__all__ = ["Slotted"]

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform

    @dataclass_transform(eq_default=False)
    class Slotted:
        """What such a class is derived from in its declaration."""
else:

    @cache
    def _constructor(count: int) -> FunctionType:
        """Sets so many fields, whatever their names."""
        given = "".join(f", field_{number}" for number in range(count))
        body = "; ".join(f"self.field_{number} = field_{number}" for number in range(count)) or "pass"
        names: Dict[str, Any] = {}
        exec(f"def __init__(self{given}): {body}", names)
        return names["__init__"]

    def _shown(self: Any) -> str:
        fields = ", ".join(f"{field}={getattr(self, field)!r}" for field in self.__slots__)
        return f"{self.__class__.__name__}({fields})"

    class _SlottedDeclaration(type):
        """Makes the fields that a class declares its slots."""

        def __new__(cls, name: str, bases: Tuple[type, ...], namespace: Dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, namespace)
            fields = tuple(namespace.get("__annotations__", ()))
            defaults = tuple([namespace.pop(field) for field in fields if field in namespace])
            template = _constructor(len(fields))
            code = template.__code__.replace(co_names=fields, co_varnames=("self", *fields))
            constructor = FunctionType(code, template.__globals__, "__init__", defaults)
            constructor.__qualname__ = f"{namespace['__qualname__']}.__init__"
            common = {"__slots__": fields, "__match_args__": fields, "__init__": constructor, "__repr__": _shown}
            return type(name, (), {**common, **namespace})

    class Slotted(metaclass=_SlottedDeclaration):
        """What such a class is derived from in its declaration; it is none of its bases."""
