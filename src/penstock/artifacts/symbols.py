"""Canonical forms of what is no builtin container: enums, dataclasses, classes, functions, modules, other objects.

Code counts by name where it can be imported, and by what it does where it comes from a notebook or a function's body.
"""

from __future__ import annotations

import copyreg
import dataclasses
import enum
import pathlib
import types
from typing import Any, Dict, List, Sequence, Tuple, Type, cast

from penstock.artifacts import libraries, names
from penstock.artifacts.canonical import Rule, Unstable, Walk, subscript
from penstock.artifacts.places import NEVER_STORED

_BUILTIN_FUNCTIONS = (types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)
_BUILTIN_VALUES = (list, tuple, dict, set, frozenset, str, bytes, int, float)
_WRAPPERS = (staticmethod, classmethod)
_PASSED_OVER = frozenset(
    "__module__ __dict__ __weakref__ __doc__ __qualname__ __firstlineno__ __static_attributes__ __annotations__ "
    "__annotate__ __annotate_func__ __annotations_cache__ __dataclass_fields__ __dataclass_params__ __match_args__ "
    "__abstractmethods__ _abc_impl __parameters__ __orig_bases__ __classdictcell__".split()
)


def rule_for(kind: type) -> Rule:
    """The rule for the values of a type. Subclasses of builtins count as objects."""
    library = libraries.form_of(kind)
    if library is not None:
        return library
    if issubclass(kind, type):
        return _class
    if issubclass(kind, enum.Enum):
        return _enum
    if kind is types.FunctionType:
        return _function
    if kind is types.CodeType:
        return _code
    if kind is types.ModuleType:
        return _module
    if kind is types.CellType:
        return _cell
    if issubclass(kind, pathlib.PurePath):
        return _path
    if issubclass(kind, _BUILTIN_FUNCTIONS):
        return _builtin
    if issubclass(kind, NEVER_STORED):
        return _never
    if hasattr(cast("Any", kind), "__dataclass_fields__") and not issubclass(kind, _BUILTIN_VALUES):
        return _dataclass
    return reduced


def _class(walk: Walk, value: type) -> None:
    name = names.name_of(value)
    if name is None:
        _local_class(walk, value)
    else:
        _global(walk, *name)


def _global(walk: Walk, module: str, qualname: str) -> None:
    walk.out += b"G"
    walk.name(module)
    walk.name(qualname)


def _module(walk: Walk, value: types.ModuleType) -> None:
    name = names.module_name(value.__name__)
    if name is None:
        raise Unstable("is the module of a notebook")
    walk.out += b"M"
    walk.name(name)


def _enum(walk: Walk, value: enum.Enum) -> None:
    begun = walk.begin(value)
    if begun < 0:
        return
    walk.out += b"E"
    _class(walk, type(value))
    name = cast("Any", value).name
    if name is None:  # a combination of flags, before Python 3.11
        walk.part(value.value, ".value")
    else:
        walk.name(name)
    walk.end(value, begun)


def _dataclass(walk: Walk, value: Any) -> None:
    begun = walk.begin(value)
    if begun < 0:
        return
    fields = dataclasses.fields(value)
    walk.out += b"D"
    _class(walk, cast("Type[Any]", type(value)))
    walk.size(len(fields))
    for field in fields:
        walk.name(field.name)
        try:
            part = getattr(value, field.name)
        except AttributeError:
            raise Unstable(f"has no attribute {field.name}") from None
        walk.part(part, f".{field.name}")
    walk.end(value, begun)


def _path(walk: Walk, value: pathlib.PurePath) -> None:
    if walk.files and isinstance(value, pathlib.Path):
        from penstock.artifacts import files

        if files.form(walk, value):
            return
    walk.out += b"X"
    walk.name("pathlib.PureWindowsPath" if isinstance(value, pathlib.PureWindowsPath) else "pathlib.PurePosixPath")
    walk.size(1)
    walk.write(str(value))


def _builtin(walk: Walk, value: Any) -> None:
    owner = getattr(value, "__self__", None)
    if owner is not None and not isinstance(owner, types.ModuleType):
        begun = walk.begin(value)
        if begun < 0:
            return
        walk.out += b"L"
        walk.name(value.__name__)
        walk.part(owner, ".__self__")
        walk.end(value, begun)
        return
    module = getattr(value, "__module__", None) or getattr(getattr(value, "__objclass__", None), "__module__", "")
    _global(walk, str(module), value.__qualname__)


def _never(walk: Walk, value: object) -> None:
    raise Unstable(f"is {a_type(type(value))}, which has no stable form")


def _function(walk: Walk, value: types.FunctionType) -> None:
    name = names.name_of(value)
    if name is None and not hasattr(value.__code__, "co_code"):  # PyPy's built-in functions
        name = (value.__module__ or "", value.__qualname__)
    if name is not None:
        _global(walk, *name)
        return
    begun = walk.begin(value)
    if begun < 0:
        return
    walk.out += b"L"
    walk.name(names.module_name(value.__module__ or "") or "")
    walk.name(value.__qualname__)
    _code(walk, value.__code__)
    walk.part(value.__defaults__, ".__defaults__")
    walk.part(value.__kwdefaults__, ".__kwdefaults__")
    cells = value.__closure__ or ()
    walk.size(len(cells))
    for variable, cell in zip(value.__code__.co_freevars, cells):
        walk.part(cell, f".{variable}")
    walk.end(value, begun)


def _cell(walk: Walk, value: types.CellType) -> None:
    try:
        content = value.cell_contents
    except ValueError:
        walk.out += b"N"
        return
    walk.write(content)


def _code(walk: Walk, value: types.CodeType) -> None:
    walk.write(value.co_code)
    walk.write(
        (
            value.co_argcount,
            value.co_posonlyargcount,
            value.co_kwonlyargcount,
            value.co_flags,
            value.co_names,
            value.co_varnames,
            value.co_freevars,
            value.co_cellvars,
            value.co_consts,
        )
    )


def _local_class(walk: Walk, value: type) -> None:
    begun = walk.begin(value)
    if begun < 0:
        return
    walk.out += b"L"
    walk.name(names.module_name(value.__module__) or "")
    walk.name(value.__qualname__)
    walk.part(value.__bases__, ".__bases__")
    for name, attribute in sorted(vars(value).items()):
        if name in _PASSED_OVER:
            continue
        walk.name(name)
        _class_attribute(walk, name, attribute)
    walk.end(value, begun)


def _class_attribute(walk: Walk, name: str, value: Any) -> None:
    parts: Tuple[Any, ...]
    if isinstance(value, _WRAPPERS):
        wrapper = cast("Any", value)
        parts = (wrapper.__class__, wrapper.__func__)
    elif isinstance(value, property):
        parts = (value.fget, value.fset, value.fdel)
    elif isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType)):
        parts = ()
    else:
        walk.part(value, f".{name}")
        return
    for part in parts:
        walk.part(part, f".{name}")


def reduced(walk: Walk, value: Any) -> None:
    """The form of any other object: what `copy` and `pickle` would make it from."""
    begun = walk.begin(value)
    if begun < 0:
        return
    reduction = _reduce(value)
    if isinstance(reduction, str):
        _global(walk, str(getattr(value, "__module__", None) or type(value).__module__), reduction)
    else:
        walk.keep(reduction)  # its temporaries must keep their ids while they are open
        walk.out += b"O"
        _reduction(walk, *reduction[:5])
    walk.end(value, begun)


def _reduction(walk: Walk, make: Any, args: Any, state: Any = None, items: Any = None, pairs: Any = None) -> None:
    walk.write(make)
    walk.size(len(args))
    for index, argument in enumerate(args):
        walk.part(argument, "" if make in _NEW else f".__reduce__()[{index}]")
    _state(walk, state)
    _listed(walk, items)
    pair_list: List[Any] = list(pairs or ())
    walk.size(len(pair_list))
    for key, item in pair_list:
        walk.part(key, subscript(key))
        walk.part(item, subscript(key))


_NEW = tuple(getattr(copyreg, name, None) for name in ("__newobj__", "__newobj_ex__", "_reconstructor"))


def _state(walk: Walk, state: Any) -> None:
    parts: Sequence[Any] = (state,)
    if type(state) is tuple:
        pair = cast("Tuple[Any, ...]", state)
        if len(pair) == 2 and all(part is None or type(part) is dict for part in pair):
            walk.out += b"t"  # a __dict__ and slots, as pickle has them
            walk.size(2)
            parts = pair
    for part in parts:
        if type(part) is dict:
            _attributes(walk, cast("Dict[Any, Any]", part))
        else:
            walk.part(part, "")


def _attributes(walk: Walk, attributes: Dict[Any, Any]) -> None:
    walk.out += b"d"
    walk.size(len(attributes))
    for name, value in attributes.items():
        walk.write(name)
        walk.part(value, f".{name}")


def _listed(walk: Walk, items: Any) -> None:
    item_list: List[Any] = list(items or ())
    walk.size(len(item_list))
    for index, item in enumerate(item_list):
        walk.part(item, f"[{index}]")


def _reduce(value: Any) -> Any:
    kind = cast("Type[Any]", type(value))
    reducer = copyreg.dispatch_table.get(kind)
    try:
        return reducer(value) if reducer is not None else value.__reduce_ex__(4)
    except RecursionError:
        raise
    except Exception as error:  # the user's __reduce__ and __getstate__ run here
        raise Unstable(f"is {a_type(kind)}, which has no stable form") from error


def a_type(kind: type) -> str:
    """ "a _thread.lock", "an Engine": a type with its article and, where it is no builtin, its module."""
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
