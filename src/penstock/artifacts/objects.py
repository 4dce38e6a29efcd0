"""Canonical forms of what is no builtin container: each is written from what `reducing` takes a value apart into.

So a form says what the value's record says, but for what `LEFT_OUT` lists. Code counts by name where it can be
imported, and by what it does where it comes from a notebook or a function's body.
"""

from __future__ import annotations

import copyreg
import pickle
import sys
import types
from typing import Any, Callable, Dict, Iterable, Iterator, List, Tuple, cast

from penstock.artifacts import by_value, libraries, names, rebuild, reducing
from penstock.artifacts.canonical import SPILL, Rule, Unstable, Walk, attribute, index, rule_of, subscript
from penstock.artifacts.places import NEVER_STORED

LEFT_OUT: Dict[str, Dict[str, str]] = {
    "code": {
        "co_filename": "where it was written",
        "co_firstlineno": "where it was written",
        "co_linetable": "where it was written",
        "co_lnotab": "where it was written",
        "co_nlocals": "follows from the names",
        "co_stacksize": "follows from the byte code",
    },
    "function": {
        "__builtins__": "Python's own",
        "__file__": "where it was written; code that asks for it has it among its globals",
        "__name__ of its globals": "says again what its module says",
        "__package__ of its globals": "says again what its module says",
        "__path__ of its globals": "where it was written",
        "_cloudpickle_submodules": "which submodules are imported already; the code names those that it uses",
    },
    "class": {
        "__module__": "written before its attributes",
        "__qualname__": "written before its attributes",
        "__firstlineno__": "where it was written",
        "__static_attributes__": "follows from the code of its methods, and comes in no order",
    },
    "levels": {"sortorder": "a hint that pandas finds again from the codes"},
}
"""What a record carries and a form does not, each with its reason: of code, functions and classes that travel by
value, and by parameter of what stands for a value in `rebuild`."""

Parts = Iterator[Tuple[Callable[[Any], str], Any, Any]]
"""(how a culprit's path names it, its key, itself) for each part of a value, in the order of its form."""

_NEW = tuple(getattr(copyreg, name, None) for name in ("__newobj__", "__newobj_ex__", "_reconstructor"))
_CODE = (
    *("co_code", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_flags", "co_names", "co_varnames"),
    *("co_freevars", "co_cellvars", "co_consts", "co_name", "co_qualname", "co_exceptiontable"),
)
_PATHS = ("PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath")


def rule_for(kind: type) -> Rule:
    """The rule for the values of a type: a leaf's own, or what is written of its reduction."""
    library = libraries.form_of(kind)
    if library is not None:
        return library
    if issubclass(kind, type) or kind is types.FunctionType:
        return _symbol
    if kind.__module__.partition(".")[0] == "pathlib" and kind.__name__ in _PATHS:
        return _path
    if issubclass(kind, NEVER_STORED):
        return _never
    return _OWN.get(cast("Any", kind), reduced)


def _never(walk: Walk, value: object) -> None:
    raise Unstable(f"is {a_type(type(value))}, which has no stable form")


def _symbol(walk: Walk, value: Any) -> None:
    name = names.name_of(value)
    if name is not None:
        _global(walk, *name)
        return
    begun = walk.begin(value)
    if begun < 0:
        return
    reduction = _apart(walk, value)
    module = names.module_name(value.__module__ or "") or ""
    if not by_value.is_made(reduction):
        _global(walk, module, value.__qualname__)
    else:
        walk.keep(reduction)
        walk.out += b"L"
        walk.name(module)
        walk.name(value.__qualname__)
        _write(walk, begun, (_of_class if isinstance(value, type) else _of_function)(walk, *reduction[:3]))
    walk.end(value, begun)


def _global(walk: Walk, module: str, qualname: str) -> None:
    walk.out += b"G"
    walk.name(module)
    walk.name(qualname)


def _code(walk: Walk, value: types.CodeType) -> None:
    walk.write(tuple(getattr(value, name, None) for name in _CODE))


def _cell(walk: Walk, value: types.CellType) -> None:
    try:
        content = value.cell_contents
    except ValueError:
        walk.out += b"V"
        return
    walk.write(content)


def _module(walk: Walk, value: types.ModuleType) -> None:
    name = names.module_name(value.__name__)
    if name is None:
        raise Unstable("is the module of a notebook")
    if value.__name__ not in sys.modules:
        reduced(walk, value)
        return
    walk.out += b"M"
    walk.name(name)


def _path(walk: Walk, value: Any) -> None:
    if walk.files and hasattr(value, "exists"):
        from penstock.artifacts import files

        if files.form(walk, value):
            return
    walk.out += b"X"
    walk.name(f"pathlib.{type(value).__name__}")
    walk.size(1)
    walk.write(str(value))


def _blob(walk: Walk, value: reducing.Part) -> None:
    _, digest, size = _sink(walk).parts[value.number]
    walk.out += b"B"
    walk.size(size)
    walk.out += digest


def _buffer(walk: Walk, value: pickle.PickleBuffer) -> None:
    view = memoryview(value)
    walk.keep(view)
    walk.write(view)


_OWN: Dict[type, Rule] = {
    types.CodeType: _code,
    types.CellType: _cell,
    types.ModuleType: _module,
    reducing.Part: _blob,
    pickle.PickleBuffer: _buffer,
}


def reduced(walk: Walk, value: Any) -> None:
    """The form of any other object: what its record is written from."""
    begun = walk.begin(value)
    if begun < 0:
        return
    reduction = _apart(walk, value)
    if type(reduction) is str:
        _global(walk, names.module_of(value, reduction), reduction)
    else:
        walk.keep(reduction)  # its temporaries must keep their ids while they are open
        walk.out += b"O"
        _write(walk, begun, _of_reduction(walk, value, *reduction))
    walk.end(value, begun)


def _apart(walk: Walk, value: Any) -> Any:
    try:
        return reducing.apart(_sink(walk), value)
    except (RecursionError, Unstable):
        raise
    except Exception as error:  # the user's __reduce__ and __getstate__ run here
        raise Unstable(f"is {a_type(type(value))}, which has no stable form") from error


def _write(walk: Walk, begun: int, parts: Parts) -> None:
    """One frame a level, so that values may be nested deeply."""
    named, key = attribute, cast("Any", "")
    try:
        for named, key, part in parts:  # noqa: B007 - told where one has no stable form
            rule_of(cast("Any", type(part)))(walk, part)
            if len(walk.out) - begun > SPILL:
                walk.spill(begun)
    except Unstable as error:
        error.path.append(named(key))
        raise


def _of_reduction(
    walk: Walk,
    value: Any,
    make: Any,
    args: Any,
    state: Any = None,
    items: Any = None,
    pairs: Any = None,
    put: Any = None,
) -> Parts:
    yield _nothing, None, make
    yield from _arguments(walk, make, args)
    states: List[Any] = list(cast("Any", state)) if type(state) is tuple else []
    if len(states) == 2 and all(part is None or type(part) is dict for part in states):
        walk.out += b"t"  # a __dict__ and slots, as pickle has them
        walk.size(2)
    else:
        states = [state]
    for part in states:
        if type(part) is dict:
            yield from _attributes(walk, cast("Any", part), put is None and not hasattr(value, "__setstate__"))
        else:
            yield _nothing, None, part
    yield from _sized(walk, index, _numbered(items or ()))
    yield from _sized(walk, subscript, list(pairs or ()), True)
    yield _nothing, None, put


def _arguments(walk: Walk, make: Any, args: Any) -> Parts:
    if getattr(make, "__module__", "") != rebuild.__name__:
        yield from _sized(walk, _nothing if make in _NEW else _argument, _numbered(args))
        return
    without = LEFT_OUT.get(make.__name__, ())
    named = [pair for pair in zip(make.__code__.co_varnames, args) if pair[0] not in without]
    yield from _sized(walk, attribute, named)


def _attributes(walk: Walk, attributes: Dict[Any, Any], by_name: bool = True) -> Parts:
    """In the order of their names, where nobody can see the order in which they were set."""
    walk.out += b"d"
    if by_name and all(type(name) is str for name in attributes):
        return _sized(walk, attribute, sorted(attributes.items(), key=_first), True)
    return _sized(walk, attribute, list(attributes.items()), True)


def _sized(walk: Walk, named: Callable[[Any], str], pairs: List[Any], keys: bool = False) -> Parts:
    walk.size(len(pairs))
    for key, part in pairs:
        if keys:
            yield named, key, key
        yield named, key, part


def _of_function(walk: Walk, make: Any, args: Any, state: Any) -> Parts:
    attributes, own = state
    cells = zip(args[0].co_freevars, own.pop("__closure__") or ())
    reached = own.pop("__globals__")
    yield attribute, "__code__", args[0]
    yield from _attributes(walk, {name: part for name, part in own.items() if name not in LEFT_OUT["function"]})
    for group in (attributes, reached, dict(cells)):
        yield from _attributes(walk, group)


def _of_class(walk: Walk, make: Any, args: Any, state: Any) -> Parts:
    for part in by_value.made_of(make, args):
        yield _nothing, None, part
    attributes = {name: part for name, part in state[0].items() if name not in LEFT_OUT["class"]}
    if "_abc_impl" in attributes:  # its registered subclasses, in no order
        attributes["_abc_impl"] = frozenset(attributes["_abc_impl"])
    yield from _attributes(walk, attributes)


def _numbered(items: Iterable[Any]) -> List[Tuple[int, Any]]:
    return list(enumerate(items))


def _nothing(key: object) -> str:
    return ""


def _argument(key: object) -> str:
    return f".__reduce__()[{key}]"


def _first(pair: Tuple[Any, Any]) -> Any:
    return pair[0]


def _sink(walk: Walk) -> reducing.Sink:
    if walk.sink is None:
        walk.sink = reducing.sink_to_nowhere(walk.known)
    return walk.sink


def a_type(kind: Any) -> str:
    """ "a _thread.lock", "an Engine": a type with its article and, where it is no builtin, its module."""
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
