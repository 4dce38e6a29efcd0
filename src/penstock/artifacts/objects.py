"""Canonical forms of what is no builtin container: each is written from what `reducing` takes a value apart into.

So a form says what the value's record says, but for what `LEFT_OUT` lists. Code counts by name where it can be
imported, and by what it does where it comes from a notebook or a function's body.
"""

from __future__ import annotations

import operator
import pickle
import struct
import sys
import types
import weakref
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Type, cast

from penstock.artifacts import by_value, libraries, names, rebuild, reducing
from penstock.artifacts.collected import Part, sink_to_nowhere
from penstock.artifacts.memory import number
from penstock.artifacts.walk import BUILTINS, SPILL, Rule, Unstable, ValueWalk, attribute, index, subscript
from penstock.model.edges import Edge

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

Pairs = Iterable[Tuple[Any, Any]]

_size = struct.Struct("<Q").pack
_CODE = tuple(
    name
    for name in sorted(vars(types.CodeType))
    if name.startswith("co_") and name not in LEFT_OUT["code"] and not callable(getattr(types.CodeType, name))
)


def rule_for(kind: Type[Any]) -> Rule:
    """The rule for the values of a type that is no builtin: a leaf's own, or what is written of its reduction."""
    if issubclass(kind, Edge):
        return _edge
    library = libraries.form_of(kind)
    if library is not None:
        return library
    if issubclass(kind, type) or kind is types.FunctionType:
        return _symbol
    pathlib = sys.modules.get("pathlib")  # where nobody has imported it, this is no path
    if pathlib is not None and issubclass(kind, pathlib.PurePath):
        return _path
    if issubclass(kind, reducing.NEVER_STORED):
        return _never
    return _OWN.get(cast("Any", kind), _reduced)


def _rule_of(walk: ValueWalk, value: object) -> Rule:
    return BUILTINS.get(type(value)) or walk.rule_for(type(value))


def _never(walk: ValueWalk, value: object) -> None:
    raise Unstable(f"is {a_type(type(value))}, which has no stable form")


def _symbol(walk: ValueWalk, value: Any) -> None:
    known = walk.named.get(number(value))
    if known is not None:
        walk.out += known
        return
    name = names.name_of(value)
    if name is not None:
        start = len(walk.out)
        _global(walk, *name)
        walk.named[number(value)] = bytes(walk.out[start:])
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
        (_of_class if isinstance(value, type) else _of_function)(walk, begun, *reduction[:3])
    walk.end(value, begun)


def _global(walk: ValueWalk, module: str, qualname: str) -> None:
    walk.out += b"G"
    walk.name(module)
    walk.name(qualname)


def _code(walk: ValueWalk, value: types.CodeType) -> None:
    walk.write(tuple(getattr(value, name) for name in _CODE))


def _cell(walk: ValueWalk, value: types.CellType) -> None:
    try:
        content = value.cell_contents
    except ValueError:
        walk.out += b"V"
        return
    walk.write(content)


def _module(walk: ValueWalk, value: types.ModuleType) -> None:
    name = names.module_name(value.__name__)
    if name is None:
        raise Unstable("is the module of a notebook")
    if value.__name__ not in sys.modules:
        _reduced(walk, value)
        return
    walk.out += b"M"
    walk.name(name)


def _path(walk: ValueWalk, value: Any) -> None:
    if walk.files and hasattr(value, "exists"):
        from penstock.artifacts import files

        if files.form(walk, value):
            return
    if type(value).__module__.partition(".")[0] != "pathlib":
        _reduced(walk, value)
        return
    walk.leaf(f"pathlib.{type(value).__name__}", 1)
    walk.write(str(value))


def _edge(walk: ValueWalk, value: Edge) -> None:
    """What it counts as is known when the call is made."""
    walk.edges = True
    identity = b"" if walk.places else value.edge_identity()
    walk.out += b"R" + _size(len(identity)) + identity


def _blob(walk: ValueWalk, value: Part) -> None:
    _, digest, size = walk.sink.parts[value.number]
    walk.out += b"B"
    walk.size(size)
    walk.out += digest


def _buffer(walk: ValueWalk, value: pickle.PickleBuffer) -> None:
    view = memoryview(value)
    walk.keep(view)
    walk.write(view)


def _weak_set(walk: ValueWalk, value: Any) -> None:
    if len(value):
        raise Unstable("is a WeakSet, which keeps none of its members")
    _reduced(walk, value)


_OWN: Dict[type, Rule] = {
    weakref.WeakSet: _weak_set,
    types.CodeType: _code,
    types.CellType: _cell,
    types.ModuleType: _module,
    Part: _blob,
    pickle.PickleBuffer: _buffer,
}


def _reduced(walk: ValueWalk, value: Any) -> None:
    """The form of any other object: what its record is written from."""
    begun = walk.begin(value)
    if begun < 0:
        return
    reduction = _apart(walk, value)
    if type(reduction) is str:
        _global(walk, names.module_of(value, reduction), reduction)
    elif reduction[0] is names.load:
        _global(walk, *reduction[1])
    elif type(value) is object:
        raise Unstable("is an object(), which nothing but itself is equal to: give it a name in a module")
    else:
        walk.keep(reduction)  # its temporaries must keep their ids while they are open
        walk.out += b"O"
        _reduction(walk, begun, value, *reduction)
    walk.end(value, begun)


def _apart(walk: ValueWalk, value: Any) -> Any:
    if walk.sink is None:
        walk.sink = sink_to_nowhere(walk.known)
    try:
        return reducing.apart(value, walk.sink)
    except (RecursionError, Unstable):
        raise
    except Exception as error:  # the user's __reduce__ and __getstate__ run here
        raise Unstable(f"is {a_type(type(value))}, which has no stable form") from error


def _reduction(
    walk: ValueWalk,
    begun: int,
    value: Any,
    make: Any,
    args: Any,
    state: Any = None,
    items: Any = None,
    pairs: Any = None,
    put: Any = None,
) -> None:
    states: List[Any] = list(cast("Any", state)) if type(state) is tuple else []
    if len(states) != 2 or not all(part is None or type(part) is dict for part in states):  # a __dict__ and slots
        states = [state]
    owner = getattr(make, "__module__", "")
    if owner == rebuild.__name__:
        named, parts = attribute, [("", make), *_counted(make, args)]
    else:
        named, parts = _nothing if owner == "copyreg" else _argument, enumerate((make, *args))
    if put is not None:
        states.append(put)
    by_name = put is None and not hasattr(cast("Any", type(value)), "__setstate__")
    _write(walk, begun, parts, named, states, by_name, items, pairs)


def _counted(make: Any, args: Any) -> Pairs:
    without = LEFT_OUT.get(make.__name__, ())
    return [pair for pair in zip(make.__code__.co_varnames, args) if pair[0] not in without]


def _write(
    walk: ValueWalk,
    begun: int,
    args: Pairs,
    argument: Callable[[Any], str],
    states: List[Any],
    by_name: bool = True,
    items: Any = None,
    pairs: Any = None,
) -> None:
    """All parts in one frame, so that values may be nested deeply."""
    out, named = walk.out, argument
    key: Any = ""
    try:
        for key, part in args:  # noqa: B007 - told where one has no stable form
            _rule_of(walk, part)(walk, part)
        out += b"|"
        for state in states:
            attributes = _attributes(state, by_name)
            if attributes is None:
                named = _nothing
                _rule_of(walk, state)(walk, state)
                continue
            named = attribute
            out += b"d" + _size(len(attributes))
            for key, part in attributes:
                _rule_of(walk, key)(walk, key)
                _rule_of(walk, part)(walk, part)
        for kind, entries in ((index, items and enumerate(items)), (subscript, pairs)):
            out += b"|"
            named = kind
            for key, part in entries or ():
                if entries is pairs:
                    _rule_of(walk, key)(walk, key)
                _rule_of(walk, part)(walk, part)
                if len(out) - begun > SPILL:
                    walk.spill(begun)
        out += b"|"
    except Unstable as error:
        error.path.append(named(key))
        raise


def _attributes(state: Any, by_name: bool) -> Optional[List[Tuple[Any, Any]]]:
    """Of a state that is a dict; by their names where nobody sees the order in which they were set."""
    if type(state) is not dict:
        return None
    attributes = cast("Dict[Any, Any]", state)
    try:
        return sorted(attributes.items(), key=operator.itemgetter(0)) if by_name else list(attributes.items())
    except TypeError:  # what has no order is no name
        return list(attributes.items())


def _of_function(walk: ValueWalk, begun: int, make: Any, args: Any, state: Any) -> None:
    attributes, own = state
    cells = zip(args[0].co_freevars, own.pop("__closure__") or ())
    reached = own.pop("__globals__")
    counted = {name: part for name, part in own.items() if name not in LEFT_OUT["function"]}
    _write(walk, begun, [("__code__", args[0])], attribute, [counted, attributes, reached, dict(cells)])


def _of_class(walk: ValueWalk, begun: int, make: Any, args: Any, state: Any) -> None:
    attributes = {name: part for name, part in state[0].items() if name not in LEFT_OUT["class"]}
    if "_abc_impl" in attributes:  # its registered subclasses, in no order
        attributes["_abc_impl"] = frozenset(attributes["_abc_impl"])
    _write(walk, begun, enumerate(by_value.made_of(make, args)), _nothing, [attributes])


def _nothing(key: object) -> str:
    return ""


def _argument(key: Any) -> str:
    return f".__reduce__()[{key - 1}]" if key else ""


def a_type(kind: Any) -> str:
    """ "a _thread.lock", "an Engine": a type with its article and, where it is no builtin, its module."""
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
