"""What a person sees of a value before anything is unpickled, without secrets; docs/formats.md, Preview.

Never raises, and takes its time from a budget, not from the value: containers are looked into a few items deep, by what
Python's own classes say of them; arrays and tables by code of `libraries`; another class's `__repr__` is asked for some
milliseconds. Nothing of a value is asked for that loads something, attributes that are computed included.
"""

from __future__ import annotations

import json
import sys
from collections import OrderedDict, deque
from itertools import islice
from types import BuiltinFunctionType, FunctionType, MemberDescriptorType, MethodType, ModuleType, WrapperDescriptorType
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple, Type, cast

from penstock.artifacts import libraries, looks
from penstock.artifacts.masking import cut, cut_bytes, masked
from penstock.artifacts.plain_preview import LARGE, PLAIN, plain_preview

_LONGEST = 200  # characters of `text`
_SURELY = 2048 // 4  # characters: no more than 2 KiB as UTF-8
_DEEP = 3
_NODES = 100  # values that are looked at, in all
_SPAN_S = 0.05  # what code of others may take, in all
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SHORT = ("numpy", "pandas", "polars", "pyarrow", "torch")  # libraries whose classes are known without their modules
_MISSING: Any = object()


def preview(value: object, size: int = 0) -> str:
    """JSON of at most 2 KiB: type, text; where they apply size (bytes; 0 is left out), length, shape, dtype, schema."""
    return plain_preview(value, size) or looked_into(value, size)


def looked_into(value: object, size: int) -> str:
    """The same of what `plain_preview` does not know."""
    facts: Dict[str, Any] = {"type": "", "text": ""}
    try:
        facts["type"] = type_name(type(value))
        facts.update(_facts(value))
        return _written(facts, size)
    except Exception:  # noqa: BLE001 - a library's own code failed, or gave what JSON has not: a preview fails no task
        return _written({"type": facts["type"], "text": ""}, size)


def type_name(kind: type) -> str:
    """`int`, `pandas.DataFrame`, `digits.Trained`: builtins bare, libraries by their short name."""
    module, name = str(getattr(kind, "__module__", "")), kind.__qualname__
    if module in ("builtins", "__main__", ""):
        return name
    top = module.partition(".")[0]
    return f"{top if top in _SHORT else module}.{name}"


def _written(facts: Dict[str, Any], size: int) -> str:
    if size:
        facts["size"] = size
    text = cut(str(facts["text"]), _LONGEST + 1)
    facts["text"] = _valid(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
    facts["type"] = _valid(masked(str(facts["type"]))[-120:])
    if "dtype" in facts:
        facts["dtype"] = _valid(cut(facts["dtype"], 100))
    if "schema" in facts:
        facts["schema"] = [[_valid(cut(name, 40)), _valid(cut(dtype, 40))] for name, dtype in facts["schema"]]
    for name in ("shape", "length"):
        if name in facts and masked(str(facts[name])) != str(facts[name]):
            del facts[name]
    written = _json(facts)
    if len(written) > _SURELY and len(written.encode()) > 2048:
        facts.pop("schema", None)
        facts["text"] = facts["text"][:100]
        written = _json(facts)
    return written


def _valid(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _facts(value: Any) -> Dict[str, Any]:
    kind = cast("Type[Any]", type(value))
    look = _Preview()
    found = look.of_library(value)
    if found is not None:
        return found
    if _is(kind, str):
        return {"text": cut(str.__getitem__(value, slice(None)), _LONGEST + 1), "length": str.__len__(value)}
    facts: Dict[str, Any] = {"text": look.text(value, _DEEP, "")}
    if kind in (list, tuple, dict, set, frozenset, bytes, bytearray, deque):
        facts["length"] = len(value)
    return facts


_BASES: Tuple[Tuple[Any, str], ...] = (
    (list, "[]"),
    (tuple, "()"),
    (OrderedDict, "{}"),
    (dict, "{}"),
    (set, "{}"),
    (frozenset, "{}"),
    (deque, "[]"),
)
"""Containers and how they are written. They are looked into as these do it, whatever a subclass makes of it."""
_BARE = (list, tuple, dict, set, frozenset)
_QUICK = frozenset(("datetime", "decimal", "fractions", "pathlib", "uuid"))
"""Modules whose classes say what they are in no time."""
_KNOWN = frozenset(("sklearn", "scipy", *_SHORT))
"""Modules whose classes do so mostly."""
_CODE = (FunctionType, BuiltinFunctionType, MethodType, ModuleType)


class _Preview:
    """One preview that is being made."""

    def __init__(self) -> None:
        self._nodes = _NODES
        self._calls: Any = None

    def text(self, value: Any, deep: int, failed: Optional[str] = None) -> str:
        """A value in a few words. `failed`: what stands for one that can't say what it is; None: its type."""
        self._nodes -= 1
        if self._nodes < 0:
            return "…"
        kind = cast("Type[Any]", type(value))
        if kind in PLAIN and (kind is not int or -LARGE < value < LARGE):
            return repr(value)
        if _is_enum(kind):
            return f"{kind.__name__}.{getattr(value, '_name_', None)}"
        simple = _simple(value, kind)
        if simple is not None:
            return simple
        names = _fields(kind)
        if names is not None and deep:
            shown = (f"{name}={self._field(value, kind, name, deep)}" for name in islice(names, looks.ITEMS))
            return f"{kind.__name__}({', '.join(shown)})"
        for base, brackets in _BASES:
            if _is(kind, base):
                return f"{'' if kind in _BARE else kind.__name__}{self._items(value, base, brackets, deep)}"
        found = self.of_library(value)
        if found is None:
            return self._own(value, kind, failed)
        text = found["text"][:60]
        return text if found.get("shape") == [] else f"<{text}>"  # a number, or an array and the like

    def of_library(self, value: Any) -> Optional[Dict[str, Any]]:
        """What its library's code says; None: nothing. Code of libraries can be slow as well."""
        look = libraries.look_of(cast("Type[Any]", type(value)))
        if look is None:
            return None
        if looks.is_quick(value):
            return look(value, self)
        from penstock.artifacts.brief_call import NoAnswer

        try:
            return self._call(lambda one: look(one, self), value, known=True)
        except NoAnswer:
            return {"text": ""}

    def _items(self, value: Any, base: Any, brackets: str, deep: int) -> str:
        pairs = _is(base, dict)
        items: Iterator[Any] = iter(base.items(value) if pairs else base.__iter__(value))
        shown: List[str] = []
        for item in islice(items, looks.ITEMS if deep else 0):
            if self._nodes <= 0:
                break
            if pairs:
                shown.append(f"{self.text(item[0], 1)}: {self.text(item[1], deep - 1)}")
            else:
                shown.append(self.text(item, deep - 1))
        more = "" if len(shown) == base.__len__(value) else ", …" if shown else "…"
        return f"{brackets[0]}{', '.join(shown)}{more}{brackets[1]}"

    def _field(self, value: Any, kind: Type[Any], name: str, deep: int) -> str:
        """What a field holds, where it is held as one: an attribute that is computed, or loaded, is not asked for."""
        if _is(kind, tuple):
            plain: Any = tuple
            return self.text(plain.__getitem__(value, kind._fields.index(name)), deep - 1)
        found = _held(value, kind, name)
        return "…" if found is _MISSING else self.text(found, deep - 1)

    def _own(self, value: Any, kind: Type[Any], failed: Optional[str]) -> str:
        """What it says of itself."""
        if kind.__repr__ is object.__repr__:
            return f"<{type_name(kind)}>"
        top = str(kind.__module__).partition(".")[0]
        if top in _QUICK:
            return cut(repr(value), 4 * _LONGEST)
        from penstock.artifacts.brief_call import NoAnswer

        try:
            known = type(kind.__repr__) is WrapperDescriptorType or top in _KNOWN
            return " ".join(cut(str(self._call(repr, value, known)), 4 * _LONGEST).split())
        except NoAnswer:
            return f"<{type_name(kind)}>" if failed is None else failed

    def _call(self, function: Callable[[Any], Any], value: Any, known: bool) -> Any:
        from penstock.artifacts import brief_call

        if self._calls is None:
            self._calls = brief_call.BriefCalls(_SPAN_S)
        return self._calls.call(function, value, known)


def _simple(value: Any, kind: Type[Any]) -> Optional[str]:
    """Text, bytes, large numbers and code; None for all else. What a subclass makes of them does not count."""
    if _is(kind, str):
        text = str.__getitem__(value, slice(None))
        return repr(cut(text, 60)) + ("…" if len(text) > 60 else "")
    if _is(kind, (bytes, bytearray)):
        return repr(cut_bytes(memoryview(value), 60)) + ("…" if len(memoryview(value)) > 60 else "")
    if kind is int:
        return f"an integer of {value.bit_length()} bits"
    if _is(kind, type):
        return f"<class {type_name(value)}>"
    if _is(kind, _CODE):
        word = "module" if kind is ModuleType else "method" if kind is MethodType else "function"
        return f"<{word} {getattr(value, '__qualname__', None) or getattr(value, '__name__', '')}>"
    return None


def _is(kind: Any, base: Any) -> bool:
    """`issubclass`, which asks nothing of an object."""
    return issubclass(kind, base)


def _is_enum(kind: Any) -> bool:
    enum = sys.modules.get("enum")
    return enum is not None and _is(type(kind), enum.EnumMeta)


def _fields(kind: Type[Any]) -> Optional[List[str]]:
    """The names of what a dataclass, or a tuple with names, shows; None for all else."""
    if _is(kind, tuple):
        names: Any = getattr(kind, "_fields", ())
        return [str(name) for name in names] or None
    fields = getattr(kind, "__dataclass_fields__", None)
    if fields is None:
        return None
    return [name for name, field in fields.items() if getattr(field, "repr", True)]


def _held(value: Any, kind: Type[Any], name: str) -> Any:
    try:
        own = object.__getattribute__(value, "__dict__")
        if name in own:
            return own[name]
    except AttributeError:
        pass
    for base in kind.__mro__:
        slot = base.__dict__.get(name)
        if isinstance(slot, MemberDescriptorType):
            try:
                return slot.__get__(value)
            except AttributeError:
                return _MISSING
    return _MISSING
