"""All that a program can see of a value, as something that `==` compares; written without Penstock's own rules.

What memory holds beside (layout, sharing, caches, the order in which attributes were set) is left out.
"""

from __future__ import annotations

import collections
import copyreg
import dataclasses
import enum
import functools
import importlib
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

_ATOMS = (int, str, bytes, bytearray)
_CONTAINERS = (list, tuple, collections.deque)
_SAYS = {"__dict__", "__slots__"}  # what a class statement leaves
_BY_CLASS = ("__getstate__", "__reduce__", "__reduce_ex__")
_OF_EVERY_CLASS = frozenset(
    "__dict__ __weakref__ __module__ __qualname__ __static_attributes__ __firstlineno__ __dataclass_fields__ "
    "__abstractmethods__ _abc_impl __annotate__ __annotate_func__ __annotations_cache__ __annotations__ __signature__ "
    "__subclasshook__ __classdictcell__ __slotnames__".split()
)
_ENUMS_OWN = frozenset("_generate_next_value_ _new_member_ _value_repr_ _member_type_ _unhashable_values_".split())


def look(value: Any, around: tuple[int, ...] = ()) -> Any:
    """What can be seen of a value. `around`: the ids of the values that it stands in."""
    if id(value) in around:
        return ("around", around[::-1].index(id(value)))
    inside = (*around, id(value))
    if _is_one_of_a_kind(value):
        return ("is", id(value))
    if isinstance(value, float):
        return (type(value).__name__, value.hex() if value == value else "nan", _attributes(value, inside))
    if isinstance(value, complex):
        return (look(type(value)), look(value.real), look(value.imag), _attributes(value, inside))
    library = _LIBRARIES.get(_library_of(type(value)), _nothing)(value)
    if library is not None:
        if type(value).__module__ == "numpy" and hasattr(value, "dtype") and not hasattr(value, "__setitem__"):
            return ("a scalar", *(look(part, inside) for part in library))  # `longlong` may be `int64`
        if type(value).__module__ == "numpy.dtypes":
            return ("a dtype", *(look(part, inside) for part in library))  # likewise
        return (look(type(value)), *(look(part, inside) for part in library))
    return (look(type(value)), *_seen(value, inside))


def _is_one_of_a_kind(value: Any) -> bool:
    if value is None or value is ... or value is NotImplemented or isinstance(value, (bool, types.ModuleType)):
        return True
    if value is dataclasses.MISSING:
        return True
    if isinstance(value, enum.Enum):
        return is_found_by_name(type(value)) and value.name in type(value).__members__
    if isinstance(value, (type, types.FunctionType, types.BuiltinFunctionType)):
        return is_found_by_name(value) or (isinstance(value, type) and not _is_made_by_a_statement(value))
    masked = getattr(sys.modules.get("numpy.ma"), "masked", None)
    missing = [getattr(sys.modules.get("pandas"), name, None) for name in ("NA", "NaT")]
    return value is not None and any(value is one for one in (masked, *missing))


def _is_made_by_a_statement(kind: type) -> bool:
    return bool(kind.__flags__ & 1 << 9)


def is_found_by_name(value: Any) -> bool:
    """Whether an import by name gives this class or function."""
    found: Any = sys.modules.get(str(getattr(value, "__module__", None)))
    for part in getattr(value, "__qualname__", "").split("."):
        found = getattr(found, part, None)
    return found is value


def _library_of(kind: type) -> str:
    """The library of a class, or of what it is a subclass of."""
    tops = (base.__module__.partition(".")[0] for base in kind.__mro__)
    return next((top for top in tops if top in _LIBRARIES), "")


def _nothing(value: Any) -> None:
    return None


def _seen(value: Any, inside: tuple[int, ...]) -> Iterator[Any]:
    kind: Any = type(value)
    if isinstance(value, types.FunctionType):
        yield from _function(value, inside)
    elif isinstance(value, types.CodeType):
        yield look(_code(value), inside)
    elif isinstance(value, type):
        yield from _class(value, inside)
    elif isinstance(value, functools.partial):
        yield [look(part, inside) for part in (value.func, value.args, value.keywords)]
        yield _attributes(value, inside)
    elif isinstance(value, types.MappingProxyType):
        yield look(dict(value), inside)
    elif isinstance(value, types.CellType):
        yield look([value.cell_contents] if value != types.CellType() else [], inside)
    elif isinstance(value, types.BuiltinFunctionType):
        yield value.__name__
        yield look(value.__self__, inside)
    elif isinstance(value, types.MethodType):
        yield look(value.__func__, inside)
        yield look(value.__self__, inside)
    elif isinstance(value, (property, staticmethod, classmethod)):
        names = ("fget", "fset", "fdel", "__doc__") if isinstance(value, property) else ("__func__",)
        yield [look(getattr(value, name), inside) for name in names]
    elif isinstance(value, BaseException):
        yield [look(part, inside) for part in (value.__reduce__()[1], value.__cause__, value.__suppress_context__)]
        yield _attributes(value, inside)
    elif isinstance(value, types.GetSetDescriptorType | types.MemberDescriptorType):
        yield value.__name__
    else:
        yield from _object(value, kind, inside)


def _object(value: Any, kind: Any, inside: tuple[int, ...]) -> Iterator[Any]:
    own = [base for base in kind.__mro__ if _is_made_by_a_statement(base) and _SAYS.intersection(vars(base))]
    if any(name in vars(base) for base in own for name in _BY_CLASS) and not isinstance(value, enum.Enum):
        yield _reduced(value, inside)
    elif isinstance(value, _ATOMS):
        yield _plainly(value, _ATOMS)
        yield _attributes(value, inside)
    elif isinstance(value, _CONTAINERS):
        yield (
            [look(item, inside) for item in tuple.__iter__(value)]
            if isinstance(value, tuple)
            else [look(item, inside) for item in value]
        )
        yield getattr(value, "maxlen", None)
        yield _attributes(value, inside)
    elif isinstance(value, (set, frozenset)):
        yield collections.Counter(repr(look(item, inside)) for item in value)
        yield _attributes(value, inside)
    elif isinstance(value, dict):
        yield [(look(key, inside), look(item, inside)) for key, item in dict.items(value)]
        yield look(getattr(value, "default_factory", None), inside)
        yield _attributes(value, inside)
    elif isinstance(value, enum.Enum):
        yield (value.name, look(value.value, inside))
    elif own:
        yield _attributes(value, inside)
        builtin = next(base for base in kind.__mro__ if base not in own)
        if builtin is not object:
            yield _reduced(value, inside)
    else:
        yield _reduced(value, inside)


def _plainly(value: Any, kinds: tuple[type, ...]) -> Any:
    return next((kind.__name__, kind(value)) for kind in kinds if isinstance(value, kind))


def _reduced(value: Any, inside: tuple[int, ...]) -> Any:
    reducer = copyreg.dispatch_table.get(type(value))
    reduction = reducer(value) if reducer else value.__reduce_ex__(4)
    if isinstance(reduction, str):
        return reduction
    make, args, state, items, pairs, *more = (*reduction, None, None, None)[:6]
    return [
        look(make),
        [look(part, inside) for part in args],
        _by_name(state, inside) if type(state) is dict else look(state, inside),
        [look(item, inside) for item in items or ()],
        [look(pair, inside) for pair in pairs or ()],
        look(more, inside),
    ]


def _attributes(value: Any, inside: tuple[int, ...]) -> dict[str, Any]:
    """Attributes, of slots too."""
    found = _by_name(getattr(value, "__dict__", {}), inside)
    for base in type(value).__mro__:
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            mangled = f"_{base.__name__.lstrip('_')}{name}" if name.startswith("__") and name[-2:] != "__" else name
            if name not in ("__dict__", "__weakref__") and hasattr(value, mangled):
                found[mangled] = look(getattr(value, mangled), inside)
    return found


def _by_name(attributes: Any, inside: tuple[int, ...]) -> dict[str, Any]:
    return {name: look(item, inside) for name, item in attributes.items()}


def _function(value: types.FunctionType, inside: tuple[int, ...]) -> Iterator[Any]:
    yield look(_code(value.__code__), inside)
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__defaults__", "__kwdefaults__"):
        yield look(getattr(value, name), inside)
    yield _by_name(value.__annotations__, inside)
    yield _by_name(vars(value), inside)
    yield [look(cell, inside) for cell in value.__closure__ or ()]
    read = sorted(_names_in(value.__code__) & value.__globals__.keys())
    yield {name: look(value.__globals__[name], inside) for name in read if name != "__builtins__"}


def _names_in(code: types.CodeType) -> set[str]:
    nested = [_names_in(const) for const in code.co_consts if isinstance(const, types.CodeType)]
    return {*code.co_names}.union(*nested)


def _code(code: types.CodeType) -> Any:
    consts = [_code(const) if isinstance(const, types.CodeType) else const for const in code.co_consts]
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_code, consts, names, code.co_name, code.co_flags, code.co_argcount, code.co_kwonlyargcount)


def _class(value: type, inside: tuple[int, ...]) -> Iterator[Any]:
    yield (value.__name__, value.__qualname__, value.__module__, look(type(value), inside))
    yield [look(base, inside) for base in value.__bases__]
    annotations = vars(value).get("__annotations__", {})
    yield _by_name(annotations, inside)
    if isinstance(value, enum.EnumMeta):
        yield [(name, look(member.value, inside)) for name, member in value.__members__.items()]
    own = {
        name: item
        for name, item in vars(value).items()
        if name not in _OF_EVERY_CLASS
        and not (isinstance(value, enum.EnumMeta) and (name.startswith("_") or isinstance(item, value)))
        and not (isinstance(value, enum.EnumMeta) and name in value.__members__)
    }
    yield {name: look(item, inside) for name, item in own.items()}
    if dataclasses.is_dataclass(value):
        fields = vars(value).get("__dataclass_fields__", {}).values()
        yield [look([getattr(field, name) for name in field.__slots__], inside) for field in fields]


# --- libraries: what to look at instead of their objects' own attributes ---


def _numpy(value: Any) -> list[Any] | None:
    np = importlib.import_module("numpy")
    if isinstance(value, np.dtype):
        fields = value.fields and sorted((str(name), list(found)) for name, found in value.fields.items())
        more = (value.isalignedstruct, value.itemsize, getattr(value, "na_object", ""), getattr(value, "coerce", ""))
        kind = value.type if value.kind == "V" else ""
        return [str(value), value.byteorder, kind, fields, value.names, value.metadata and dict(value.metadata), more]
    if isinstance(value, np.ma.MaskedArray):
        own = (value.hardmask, value.fill_value, value.mask is np.ma.nomask, dict(value._optinfo))
        return [np.asarray(value.data), np.ma.getmaskarray(value), *own]
    if isinstance(value, np.ndarray):
        return [value.dtype, value.shape, _elements(np.asarray(value)), dict(getattr(value, "__dict__", {}))]
    if isinstance(value, np.generic):
        return [value.dtype, _elements(np.asarray(value)), dict(getattr(value, "__dict__", {}))]
    random = np.random
    if isinstance(value, random.Generator):
        return [value.bit_generator]
    if isinstance(value, random.RandomState):
        return [value.get_state(legacy=False)]
    if isinstance(value, random.BitGenerator):
        return [value.state, value.seed_seq]
    if isinstance(value, random.SeedSequence):
        return [value.entropy, value.spawn_key, value.pool_size, value.n_children_spawned]
    return None


def _elements(array: Any) -> Any:
    if array.dtype.char in "gG":
        return repr(array)
    if array.size > 1000:  # of numbers or texts, in the zoo
        return repr(array.tolist())
    return array.tolist()


def _pandas(value: Any) -> list[Any] | None:
    pd = importlib.import_module("pandas")
    own = {name: getattr(value, name, None) for name in getattr(type(value), "_metadata", ()) if name != "_name"}
    if isinstance(value, pd.DataFrame):
        columns = [value.iloc[:, number] for number in range(value.shape[1])]
        arrays = [column.array for column in columns]
        return [value.columns, value.index, value.attrs, value.flags.allows_duplicate_labels, arrays, own]
    if isinstance(value, pd.Series):
        return [value.name, value.index, value.array, value.attrs, value.flags.allows_duplicate_labels, own]
    if isinstance(value, pd.RangeIndex):
        return [value.name, value.start, value.stop, value.step]
    if isinstance(value, pd.MultiIndex):
        codes = [list(map(int, found)) for found in value.codes]
        return [list(value.names), list(value.levels), codes]
    if isinstance(value, pd.Index):
        return [value.name, value.array, getattr(value, "freq", None)]
    if isinstance(value, pd.Categorical):
        return [value.codes.tolist(), value.dtype]
    if isinstance(value, pd.arrays.SparseArray):
        kind = type(value.sp_index).__name__
        return [value.dtype, value.fill_value, kind, value.sp_values, len(value), value.sp_index.indices.tolist()]
    if isinstance(value, pd.CategoricalDtype):
        return [value.categories, value.ordered]
    if isinstance(value, pd.DatetimeTZDtype):
        return [value.unit, value.tz]
    if isinstance(value, pd.StringDtype):
        return [value.storage, value.na_value]
    if isinstance(value, pd.api.extensions.ExtensionDtype):
        return [repr(value), getattr(value, "fill_value", None), getattr(value, "closed", None)]
    if isinstance(value, pd.api.extensions.ExtensionArray):
        return [value.dtype, list(value), getattr(value, "freq", None)]
    if isinstance(value, pd.Period):
        return [value.freqstr, value.ordinal]
    if isinstance(value, pd.Timestamp):
        return [value.unit, value.asm8.astype("i8").item(), value.tz, value.fold]
    if isinstance(value, pd.Timedelta):
        return [value.unit, value.asm8.astype("i8").item()]
    return None


def _polars(value: Any) -> list[Any] | None:
    pl = importlib.import_module("polars")
    if isinstance(value, pl.DataFrame):
        return [value.height, list(value)]
    if isinstance(value, pl.Series):
        return [value.name, repr(value.dtype), value.to_list()]
    if isinstance(value, pl.LazyFrame):
        return [value.explain(optimized=False), value.collect()]
    if isinstance(value, (pl.Expr, pl.Schema)):
        return [repr(value) if isinstance(value, pl.Schema) else value.meta.serialize()]
    return [repr(value)] if isinstance(value, pl.DataType) else None


def _arrow(value: Any) -> list[Any] | None:
    pa = importlib.import_module("pyarrow")
    if isinstance(value, (pa.Table, pa.RecordBatch)):
        return [value.schema, value.num_rows, list(value.columns)]
    if isinstance(value, pa.ChunkedArray):
        return [value.type, [item for chunk in value.chunks for item in chunk.to_pylist()], _dictionaries(value)]
    if isinstance(value, pa.Array):
        return [value.type, value.to_pylist(), _dictionaries(value)]
    if isinstance(value, pa.Schema):
        return [list(value), value.metadata]
    if isinstance(value, pa.Field):
        return [value.name, value.type, value.nullable, value.metadata]
    if isinstance(value, pa.DataType):
        fields = [value.field(number) for number in range(value.num_fields)]
        kept = value.__arrow_ext_serialize__() if hasattr(value, "__arrow_ext_serialize__") else ""
        return [str(value), fields, str(getattr(value, "ordered", "")), str(getattr(value, "keys_sorted", "")), kept]
    return [value.type, value.as_py()] if isinstance(value, pa.Scalar) else None


def _dictionaries(value: Any) -> Any:
    """The words of dictionaries, unused ones too."""
    chunks = value.chunks if hasattr(value, "chunks") else [value]
    return [chunk.dictionary.to_pylist() for chunk in chunks if hasattr(chunk, "dictionary")][:1]


def _scipy(value: Any) -> list[Any] | None:
    sparse = importlib.import_module("scipy.sparse")
    if not sparse.issparse(value):
        return None
    names = ("data", "indices", "indptr", "coords", "offsets", "rows")
    parts = [getattr(value, name, None) for name in names] if value.format != "dok" else list(value.items())
    ours = {
        name: item
        for name, item in vars(value).items()
        if not name.startswith("_") and name not in (*names, "row", "col")
    }
    ours.pop("has_canonical_format", None)
    return [value.dtype, value.shape, value.maxprint, parts, ours if value.format != "dok" else {}]


def _torch(value: Any) -> list[Any] | None:
    torch = importlib.import_module("torch")
    if isinstance(value, torch.Tensor):
        return _tensor(torch, value)
    if isinstance(value, (torch.dtype, torch.device, torch.layout, torch.Size)):
        return [str(value)]
    return [value.get_state()] if isinstance(value, torch.Generator) else None


def _tensor(torch: Any, value: Any) -> list[Any]:
    plain = value.detach()
    seen = [str(value.dtype), tuple(value.shape), value.requires_grad, str(value.layout), str(value.device)]
    seen += [dict(vars(value))]
    if value.is_quantized:
        seen += [str(value.qscheme()), plain.int_repr()]
        if "channel" in str(value.qscheme()):
            parts = (value.q_per_channel_scales(), value.q_per_channel_zero_points(), value.q_per_channel_axis())
        else:
            parts = (value.q_scale(), value.q_zero_point())
        return [*seen, *parts]
    if value.layout == torch.sparse_coo:
        return [*seen, value.is_coalesced(), plain._indices(), plain._values()]
    if value.layout in (torch.sparse_csr, torch.sparse_bsr):
        return [*seen, plain.crow_indices(), plain.col_indices(), plain.values()]
    if value.layout == torch.sparse_csc:
        return [*seen, plain.ccol_indices(), plain.row_indices(), plain.values()]
    return seen if value.device.type == "meta" else [*seen, plain.tolist()]


_LIBRARIES: dict[str, Callable[[Any], list[Any] | None]] = {
    "numpy": _numpy,
    "pandas": _pandas,
    "polars": _polars,
    "pyarrow": _arrow,
    "scipy": _scipy,
    "torch": _torch,
}
