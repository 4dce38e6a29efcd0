"""What a live value counts as: code by its name, and by the values that it holds; all else by its content.

Knows no sources: what a function's code is, and what that reaches, counts elsewhere.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, cast

from blake3 import blake3

from penstock.code.meanings import Value

_PLUMBING = frozenset({"_thread", "threading", "logging", "contextvars", "_contextvars", "queue", "_queue", "weakref"})
"""Modules of Python whose objects have no stable form, and hold nothing that a result would come from."""
_CACHES = (type(functools.lru_cache(len)),)
_WRAPPERS = (staticmethod, classmethod)
_ABSENT = frozenset({"_MISSING_TYPE", "PydanticUndefinedType", "_Nothing"})  # classes of "there is no default"
_FIELDS = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__")
_OF_PYTHON = frozenset(
    "__module__ __qualname__ __doc__ __firstlineno__ __static_attributes__ __match_args__ __slots__ __parameters__ "
    "__orig_bases__ _abc_impl _is_protocol _is_runtime_protocol".split()
)
_PLAIN = (str, bytes, int, float, bool, type(None), tuple)
_STDLIB = os.path.dirname(os.__file__) + os.sep
_INSTALLED = tuple(f"{os.sep}{folder}{os.sep}" for folder in ("site-packages", "dist-packages"))
_NOTHING = object()


class Live:
    """`value_digest` gives the digest of a value, or b"" where it has no stable form."""

    def __init__(self, value_digest: Callable[[object], bytes]) -> None:
        self._value_digest = value_digest

    def value(self, names: Mapping[str, Any], module: str, name: str, is_chosen: bool, keeps: Collection[str]) -> Value:
        """What a name is among the live `names` of a module: see `meanings.Modules.value`."""
        found = _found(names, name)
        if found is _NOTHING:
            return Value(b"", is_stable=False)
        walk = _ObjectWalk(self._value_digest, (str(names.get("__name__", module)), module), name, is_chosen, keeps)
        try:
            walk.write(found, is_root=True)
        except Exception:  # noqa: BLE001 - a proxy's own code, which may fail where nothing is behind it
            return Value(b"", is_stable=False)
        return Value(blake3(b"".join(walk.parts)).digest(), walk.is_stable, tuple(walk.notes))


class _ObjectWalk:
    """One walk over what a name is. `module`: what it is called where it is loaded, and what it counts as."""

    def __init__(
        self,
        value_digest: Callable[[object], bytes],
        module: tuple[str, str],
        name: str,
        is_chosen: bool,
        keeps: Collection[str],
    ) -> None:
        self.parts: list[bytes] = []
        self.is_stable = True
        self.notes: dict[str, None] = {}
        self._value_digest = value_digest
        self._module = module
        self._name = name
        self._is_chosen = is_chosen
        self._keeps = keeps
        self._seen: dict[int, Any] = {}  # by id; held, so that an id stays its own

    def write(self, value: Any, is_root: bool = False) -> None:
        value = _beneath(value)
        if isinstance(value, ModuleType):
            self._say("module", value.__name__)
        elif isinstance(value, (FunctionType, type)) and not self._is_own(value, is_root) and _is_found(value):
            self._say("name", self._name_of(value))
        elif id(value) in self._seen:
            self._say("again", type(value).__qualname__)
        elif isinstance(value, type):
            self._see(value)
            self._class(value)
        elif isinstance(value, FunctionType):
            self._see(value)
            self._function(value, is_root)
        else:
            self._object(value, is_root)

    def _say(self, *words: str) -> None:
        for word in words:
            self._add(word.encode(errors="surrogatepass"))

    def _add(self, data: bytes) -> None:
        self.parts.append(len(data).to_bytes(4, "big") + data)

    def _see(self, value: Any) -> None:
        self._seen[id(value)] = value

    def _all(self, values: Iterable[Any], is_root: bool = False) -> None:
        for value in values:
            self.write(value, is_root)

    def _items(self, items: Iterable[tuple[str, Any]]) -> None:
        for key, value in items:
            self._say(key)
            self.write(value)

    def _is_own(self, value: Any, is_root: bool) -> bool:
        """Whether it is defined under the name that is asked for, and not only called so."""
        return is_root and value.__module__ in self._module and value.__qualname__ == self._name

    def _name_of(self, value: Any) -> str:
        loaded, module = self._module
        return f"{module if value.__module__ == loaded else value.__module__}.{value.__qualname__}"

    def _function(self, value: FunctionType, is_root: bool) -> None:
        self._say("function", self._name_of(value))
        is_foreign = _is_foreign_file(value.__code__.co_filename)
        for variable, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            try:
                content = cell.cell_contents
            except ValueError:  # not filled yet
                continue
            if variable in self._keeps:
                self.notes[f"holds `{variable}`, which is changed while the code runs"] = None
            elif is_foreign and isinstance(content, (dict, list, set)):  # a package's own notes
                self._say(variable, type(cast("Any", content)).__qualname__)
            else:
                self._items([(variable, content)])
        if is_foreign and "__wrapped__" in vars(value):
            self._all([value.__wrapped__], is_root)  # pyright: ignore[reportFunctionMemberAccess]
        self._all(value.__defaults__ or ())
        self._items(sorted((value.__kwdefaults__ or {}).items()))
        if is_root and self._is_chosen:
            self._code(value.__code__, value.__doc__)
            self._items(sorted((key, part) for key, part in vars(value).items() if key != "__wrapped__"))

    def _code(self, code: CodeType, doc: str | None) -> None:
        """What tells one definition of a name from another, without lines and file."""
        consts = (const for const in code.co_consts if not isinstance(const, (CodeType, frozenset)) and const != doc)
        self._say(repr((code.co_names, tuple(consts))))
        self._add(code.co_code)

    def _class(self, value: type) -> None:
        self._say("class", self._name_of(value))
        self._all(value.__bases__)
        members: Any = vars(value).get("_member_map_")
        if isinstance(members, dict):  # of an enum
            self._items((name, getattr(member, "_value_", None)) for name, member in cast("Any", members).items())
            return
        for name, part in sorted(vars(value).items()):
            is_of_python = name.startswith("__") and name.endswith("__") and type(part) not in _PLAIN
            if name not in _OF_PYTHON and not name.startswith("__pydantic") and not is_of_python:
                self._items([(name, part)])
        for name in _FIELDS:
            self._fields(vars(value).get(name))

    def _fields(self, fields: Any) -> None:
        """The defaults of a class that is made of its annotations: they are no attributes in each of these."""
        for field in fields.values() if hasattr(fields, "values") else fields or ():
            for default in (getattr(field, "default", None), getattr(field, "default_factory", None)):
                if type(default).__name__ not in _ABSENT:
                    self._items([(str(getattr(field, "name", "")), default)])

    def _object(self, value: Any, is_root: bool) -> None:
        kind = cast("type[object]", type(value))
        inside = _inside(value)
        if inside is not None:
            self._see(value)
            self._say(kind.__qualname__)
            self._all(inside, is_root)
            if isinstance(value, _CACHES) and value.cache_info().currsize:
                self.notes["is a cache that was filled before, and what it holds can't be seen"] = None
        elif _is_foreign(kind) and "__wrapped__" in getattr(value, "__dict__", ()):  # it may have an id of its own
            self._see(value)
            self._say(self._name_of(kind))
            self.is_stable = False
            self.write(value.__wrapped__)
        elif str(kind.__module__).partition(".")[0] in _PLUMBING or (hasattr(kind, "__get__") and _is_foreign(kind)):
            self.is_stable = self.is_stable and str(kind.__module__).partition(".")[0] in sys.stdlib_module_names
            self._say(self._name_of(kind))
        else:
            digest = b"" if kind.__name__ == "_Environ" else self._value_digest(value)
            self.is_stable = self.is_stable and digest != b""
            self._add(digest or self._name_of(kind).encode())


def _beneath(value: Any) -> Any:
    """A step is its function."""
    is_of_penstock = type(value).__module__.partition(".")[0] == "penstock"
    return getattr(value, "fn", value) if is_of_penstock else value


def _found(names: Mapping[str, Any], name: str) -> Any:
    first, *inner = name.split(".")
    found = names.get(first, _NOTHING)
    for part in inner:
        found = vars(found).get(part, _NOTHING) if isinstance(found, type) else _NOTHING
    return found


def _is_found(value: Any) -> bool:
    """Whether its name leads to it: then what it holds counts there, where it counts at all."""
    if "<" in value.__qualname__:
        return False
    module = sys.modules.get(value.__module__)
    found = _found(vars(module), value.__qualname__) if module is not None else None
    return _beneath(cast("Any", found).__func__ if isinstance(found, _WRAPPERS) else found) is value


def _inside(value: Any) -> tuple[Any, ...] | None:
    """The parts of what Python itself puts around functions; None for all else."""
    match value:
        case property():
            return (value.fget, value.fset, value.fdel)
        case functools.cached_property() | functools.singledispatchmethod():
            return (cast("Any", value).func,)
        case functools.partial() | functools.partialmethod():
            made = cast("functools.partial[Any]", value)
            return (made.func, *made.args, *(part for item in sorted(made.keywords.items()) for part in item))
        case MethodType():
            return (value.__func__, value.__self__)
        case _:
            return (cast("Any", value).__wrapped__,) if isinstance(value, (*_CACHES, *_WRAPPERS)) else None


def _is_foreign(kind: type) -> bool:
    """Whether a class is Python's own or installed."""
    module = str(kind.__module__)
    if module.partition(".")[0] in sys.stdlib_module_names:
        return module != "__main__"
    file: Any = getattr(sys.modules.get(module), "__file__", None)
    return isinstance(file, str) and _is_foreign_file(file)


def _is_foreign_file(file: str) -> bool:
    return file.startswith((_STDLIB, "<frozen")) or any(folder in file for folder in _INSTALLED)
