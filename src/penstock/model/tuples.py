"""Named tuples, declared as `typing` has it, whose classes are made in a tenth of the time.

A run makes more than a hundred of them at its start, in each of its processes. `typing` compiles the annotation of each
field, which nobody asks for, and `collections` the constructor and six methods of each class: here constructors differ
in the names of their arguments alone, and the methods are the same for all. What `typing` refuses, the type checker
refuses too, which sees its class here.
"""

from __future__ import annotations

from collections import namedtuple
from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, Dict, Tuple

__all__ = ["NamedTuple", "made"]

if TYPE_CHECKING:
    from typing import NamedTuple, Type, TypeVar

    T = TypeVar("T")

    def made(kind: Type[T], fields: Tuple[Any, ...], /) -> T:
        """A named tuple of all its fields, those with defaults included, which nobody counts: in a third of the time
        that a call of the class takes. For those of which each task has some."""
        ...

else:
    _MOST_FIELDS = 40
    _new = made = tuple.__new__

    def _getters() -> Tuple[Any, ...]:
        """What reads the fields, by number: `collections` has it in C, and shows it in its classes alone."""
        widest = namedtuple("widest", [f"field_{number}" for number in range(_MOST_FIELDS)])
        return tuple(vars(widest)[field] for field in widest._fields)

    _GETTERS = _getters()

    # Compiled with this module: to compile one when it is wanted takes as long as to make three classes.
    _CONSTRUCTORS = (
        lambda t: _new(t, ()),
        lambda t, a: _new(t, (a,)),
        lambda t, a, b: _new(t, (a, b)),
        lambda t, a, b, c: _new(t, (a, b, c)),
        lambda t, a, b, c, d: _new(t, (a, b, c, d)),
        lambda t, a, b, c, d, e: _new(t, (a, b, c, d, e)),
        lambda t, a, b, c, d, e, f: _new(t, (a, b, c, d, e, f)),
        lambda t, a, b, c, d, e, f, g: _new(t, (a, b, c, d, e, f, g)),
        lambda t, a, b, c, d, e, f, g, h: _new(t, (a, b, c, d, e, f, g, h)),
        lambda t, a, b, c, d, e, f, g, h, i: _new(t, (a, b, c, d, e, f, g, h, i)),
        lambda t, a, b, c, d, e, f, g, h, i, j: _new(t, (a, b, c, d, e, f, g, h, i, j)),
        lambda t, a, b, c, d, e, f, g, h, i, j, k: _new(t, (a, b, c, d, e, f, g, h, i, j, k)),
        lambda t, a, b, c, d, e, f, g, h, i, j, k, m: _new(t, (a, b, c, d, e, f, g, h, i, j, k, m)),
        lambda t, a, b, c, d, e, f, g, h, i, j, k, m, n: _new(t, (a, b, c, d, e, f, g, h, i, j, k, m, n)),
        lambda t, a, b, c, d, e, f, g, h, i, j, k, m, n, o: _new(t, (a, b, c, d, e, f, g, h, i, j, k, m, n, o)),
        lambda t, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p: _new(t, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p)),
    )
    """Make tuples of so many fields, whatever their names."""

    @cache
    def _constructor(count: int) -> FunctionType:
        if count < len(_CONSTRUCTORS):
            return _CONSTRUCTORS[count]
        given = "".join(f"field_{number}, " for number in range(count))
        return eval(f"lambda t, {given}: _new(t, ({given}))", globals())

    def _make(cls: Any, values: Any) -> Any:
        """A tuple of these values."""
        made = _new(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self: Any, /, **changes: Any) -> Any:
        """A tuple with other values in these fields."""
        made = _new(self.__class__, map(changes.pop, self._fields, self))
        if changes:
            raise ValueError(f"Got unexpected field names: {list(changes)!r}")
        return made

    def _asdict(self: Any) -> Dict[str, Any]:
        """The values by the names of their fields."""
        return dict(zip(self._fields, self))

    def _shown(self: Any) -> str:
        return f"{self.__class__.__name__}({', '.join(map('{}={!r}'.format, self._fields, self))})"

    def _plain(self: Any) -> Tuple[Any, ...]:
        """What copy and pickle make it of again."""
        return tuple(self)

    class _Declaration(type):
        """Makes of a class's annotations what `collections.namedtuple` makes of names."""

        def __new__(cls, name: str, bases: Tuple[type, ...], namespace: Dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, namespace)
            fields = tuple(namespace.get("__annotations__", ()))
            defaults = {field: namespace[field] for field in fields if field in namespace}
            template = _constructor(len(fields))
            code = template.__code__.replace(co_name="__new__", co_varnames=("_cls", *fields))
            new = FunctionType(code, template.__globals__, "__new__", tuple(defaults.values()))
            new.__qualname__ = f"{namespace['__qualname__']}.__new__"
            getters = {field: _GETTERS[number] for number, field in enumerate(fields)}
            common = {
                "__slots__": (),
                "_fields": fields,
                "_field_defaults": defaults,
                "__match_args__": fields,
                "__new__": new,
                "_make": classmethod(_make),
                "_replace": _replace,
                "_asdict": _asdict,
                "__repr__": _shown,
                "__getnewargs__": _plain,
            }
            return type(name, (tuple,), {**common, **namespace, **getters})

    class NamedTuple(metaclass=_Declaration):
        """What a named tuple is derived from in its declaration; it is none of its bases."""
