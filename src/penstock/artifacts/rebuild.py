"""What stands in records as a callable: how parts of a value come back when a skeleton is unpickled.

The names in here are part of the record format: never rename or remove one. Libraries are imported when needed.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any, Callable, Dict, List, Optional, Tuple, cast

_import: Callable[[str], Any] = functools.cache(importlib.import_module)


def ref(number: int) -> Any:
    """The result that an edge stands for. `decode` puts its own in the place of this name."""
    raise LookupError(f"reference {number} is read outside of `decode`")


def blob(number: int) -> Any:
    """The bytes of a blob. `decode` puts its own in the place of this name."""
    raise LookupError(f"blob {number} is read outside of `decode`")


def path(name: str, entries: List[Any]) -> Any:
    """A stored file or folder. `decode` puts its own in the place of this name."""
    raise LookupError(f"file {name} is read outside of `decode`")


def array(data: Any, dtype: Any, shape: Tuple[int, ...], order: str) -> Any:
    """A numpy array over `data`; writable."""
    np = _import("numpy")
    return np.ndarray(shape, np.dtype(dtype), data, order=order)


def strings(offsets: Any, data: Any, shape: Tuple[int, ...], codes: Any = None) -> Any:
    """A numpy object array of `str`; `codes`: which of the strings stands where (None: each once, in order)."""
    from penstock.artifacts import packed_strings

    found = packed_strings.unpack(offsets, data)
    if codes is not None:
        from penstock.artifacts import text_dictionary

        found = text_dictionary.spread(found, _import("numpy").frombuffer(codes, "<u2"))
    return found.reshape(shape)


def exception(
    kind: Any, args: Tuple[Any, ...], state: Optional[Dict[str, Any]], cause: Any = None, quiet: bool = False
) -> BaseException:
    """An exception: `__new__`, the `__init__` of its nearest built-in ancestor and not its own, then its attributes."""
    native = next(base for base in kind.__mro__ if base.__module__ == "builtins")
    try:
        made = kind.__new__(kind, *args)
        native.__init__(made, *args)
    except (TypeError, IndexError):  # its `__new__` wants others, or a SyntaxError of a newer Python has more
        made = native.__new__(kind)
    if not isinstance(made, OSError):  # whose own `__init__` keeps a file name apart from its arguments
        made.args = args
    if state:
        made.__setstate__(state)
    made.__cause__ = cause
    made.__suppress_context__ = quiet
    return made


def dtype(names: Any, formats: Any, offsets: Any, titles: Any, itemsize: int, aligned: bool) -> Any:
    """A numpy dtype with fields."""
    fields = {"names": names, "formats": formats, "offsets": offsets, "titles": titles, "itemsize": itemsize}
    return _import("numpy").dtype(fields, align=aligned)


def marked_dtype(plain: Any, metadata: Dict[Any, Any]) -> Any:
    """A numpy dtype with metadata."""
    return _import("numpy").dtype(plain, metadata=metadata)


def array_as(kind: Any, plain: Any, attributes: Optional[Dict[str, Any]]) -> Any:
    """An array of a subclass of numpy's, over a plain one."""
    return _with(_import("numpy").ndarray.view(plain, kind), attributes)


def scalar_as(kind: Any, plain: Any, attributes: Optional[Dict[str, Any]]) -> Any:
    """A numpy scalar of a program's own class."""
    return _with(kind.__new__(kind, plain), attributes)


def _with(made: Any, attributes: Optional[Dict[str, Any]]) -> Any:
    """An object with what a program has set on it; None: nothing."""
    if attributes:
        made.__dict__.update(attributes)
    return made


def masked_array(data: Any, mask: Any, fill_value: Any, hard: bool, attributes: Dict[str, Any]) -> Any:
    """A masked array of numpy's; `mask` None: it has none."""
    ma = _import("numpy.ma")
    mask = ma.nomask if mask is None else mask
    return _with(ma.MaskedArray(data, mask, fill_value=fill_value, hard_mask=hard), attributes)


def numpy_random(name: str, source: Any, state: Any) -> Any:
    """A random generator of numpy's over its source of bits, or such a source over its seed; then its state is set."""
    made = getattr(_import("numpy.random"), name)(source)
    if name == "MT19937" and source is None:  # a legacy seed: it has no sequence, and must get none by chance
        made._legacy_seeding(0)
    if name == "RandomState":
        made.set_state(state)
    elif state is not None:
        made.state = state
    return made


def numpy_seed(entropy: Any, spawn_key: Any, pool_size: int, spawned: int) -> Any:
    """A seed sequence of numpy's, which makes the same children as the one that was taken apart."""
    sequence = _import("numpy.random").SeedSequence
    return sequence(entropy, spawn_key=spawn_key, pool_size=pool_size, n_children_spawned=spawned)


def frame(columns: Any, index: Any, arrays: List[Any], attrs: Dict[Any, Any], duplicates: bool) -> Any:
    """A pandas frame over its columns' arrays."""
    np = _import("numpy")
    pd = _import("pandas")

    ready = {
        number: pd.Series(values, index=index, dtype=object, copy=False)  # or pandas would guess another dtype
        if isinstance(values, np.ndarray) and values.dtype == object
        else values
        for number, values in enumerate(arrays)
    }
    return _finished(pd.DataFrame(ready, index=index, copy=False), attrs, duplicates, columns)


def frame_of_array(columns: Any, index: Any, values: Any, attrs: Dict[Any, Any], duplicates: bool) -> Any:
    """A pandas frame over one two-dimensional array."""
    return _finished(_import("pandas").DataFrame(values, index=index, copy=False), attrs, duplicates, columns)


def _finished(made: Any, attrs: Dict[Any, Any], duplicates: bool, columns: Any = None) -> Any:
    if columns is not None:
        made.columns = columns
    if attrs:
        made.attrs = attrs
    return made if duplicates else made.set_flags(allows_duplicate_labels=False)


def series(values: Any, index: Any, name: Any, attrs: Dict[Any, Any], duplicates: bool) -> Any:
    """A pandas series over an array."""
    made = _import("pandas").Series(values, index=index, name=name, dtype=_dtype(values), copy=False)
    return _finished(made, attrs, duplicates)


def index(values: Any, name: Any, freq: Any) -> Any:
    """A pandas index over an array."""
    made = _import("pandas").Index(values, name=name, dtype=_dtype(values), copy=False)
    if freq is not None:
        made.freq = freq
    return made


def _dtype(values: Any) -> Any:
    """What keeps pandas from guessing another dtype for objects."""
    return object if type(values) is _import("numpy").ndarray and values.dtype == object else None


def levels(values: List[Any], codes: List[Any], names: List[Any], sortorder: Optional[int]) -> Any:
    """A pandas index of several levels."""
    pd = _import("pandas")
    return pd.MultiIndex(values, codes, sortorder=sortorder, names=names, copy=False, verify_integrity=False)


def times(values: Any, zone: Any) -> Any:
    """A pandas array of times or durations over numpy's; `zone`: where its times, stored as UTC, are shown for."""
    np, pd = _import("numpy"), _import("pandas")
    if values.dtype.kind == "m":
        return pd.arrays.TimedeltaArray._simple_new(values, dtype=values.dtype)
    dtype = values.dtype if zone is None else pd.DatetimeTZDtype(np.datetime_data(values.dtype)[0], zone)
    return pd.arrays.DatetimeArray._simple_new(values, dtype=dtype)


def categorical(codes: Any, dtype: Any) -> Any:
    """A pandas array of categories over its codes."""
    return _import("pandas").Categorical._simple_new(codes, dtype)


def pandas_strings(offsets: Any, data: Any, valid: Any, storage: str, nan: bool) -> Any:
    """A pandas array of strings, of which some may be missing (`valid` None: none is); numpy's array of objects where
    this pandas has none whose missing values are NaN."""
    from penstock.artifacts import packed_strings

    np, pd = _import("numpy"), _import("pandas")
    dtype = _string_dtype(storage, nan)
    arrow = packed_strings.as_arrow(offsets, data, valid) if dtype and dtype.storage != "python" else None
    if dtype and arrow is not None:
        return dtype.__from_arrow__(arrow)
    found = packed_strings.unpack(offsets, data)
    if valid is not None:
        found[~packed_strings.bits(valid, len(found))] = np.nan if nan else pd.NA
    return found if dtype is None else pd.array(found, dtype=dtype, copy=False)


def pandas_string_dtype(storage: str, nan: bool) -> Any:
    """The dtype of a pandas array of strings; that of objects where this pandas has none that fits."""
    return _string_dtype(storage, nan) or _import("numpy").dtype(object)


def _string_dtype(storage: str, nan: bool) -> Any:
    """None where this pandas has none that fits."""
    from penstock.artifacts import packed_strings

    pd = _import("pandas")
    if storage != "python" and not packed_strings.has_arrow():
        storage = "python"
    if not nan:
        return pd.StringDtype(storage)
    try:
        return pd.StringDtype(storage.replace("_numpy", ""), na_value=_import("numpy").nan)
    except TypeError:  # before pandas 2.3
        return pd.StringDtype(storage) if storage == "pyarrow_numpy" else None


def sparse(kind: str, data: Any, coords: Tuple[Any, ...], shape: Tuple[int, ...]) -> Any:
    """A sparse matrix or array of scipy's, "dok_array", from its elements and where they are."""
    made = _import("scipy.sparse")
    coo = getattr(made, f"coo_{kind.partition('_')[2]}")((data, coords), shape=shape)
    return coo if kind.startswith("coo") else getattr(made, kind)(coo)


def code(python: str, make: Any, args: Tuple[Any, ...], place: str = "", source: Tuple[Any, ...] = ()) -> Any:
    """The byte code of a function that travels by value. Another Python's would run as something else, or crash.
    `place`: where it was written, "" in older records; `source`: its lines, where that is no file."""
    from penstock.artifacts import cells

    here = cells.this_python()
    if python != here:
        raise TypeError(
            f"a function that goes by value (a lambda, or one from a notebook or out of another function) is code for "
            f"{python} and can't run in {here}: write it in a module"
        )
    if source:
        cells.know(place, cast("cells.Source", source))
    made = make(*args)
    return made.replace(co_filename=place) if place else made


def pandas_arrow(kind: Any, state: Dict[str, Any]) -> Any:
    """A pandas array over an Arrow array."""
    return _with(kind.__new__(kind), state)


def polars_frame(columns: List[Any], height: int, names: Optional[List[str]] = None) -> Any:
    """A polars frame from an IPC stream for each column; `names` None: they are in the streams."""
    pl = _import("polars")
    series = [polars_series(data, names[number] if names else None) for number, data in enumerate(columns)]
    return pl.DataFrame(series) if series else pl.DataFrame(height=height) if height else pl.DataFrame()


def polars_series(data: Any, name: Optional[str] = None) -> Any:
    """A polars series from an IPC stream; `name` None: it is in the stream."""
    import io

    series = _import("polars").read_ipc(io.BytesIO(data)).to_series(0)
    return series if name is None else series.rename(name)


def tensor(
    storage: Any,
    dtype: str,
    shape: Any,
    stride: Any,
    offset: int,
    requires_grad: bool,
    device: str,
    kind: Any = None,
    attributes: Optional[Dict[str, Any]] = None,
) -> Any:
    """A torch tensor over a storage's bytes, on its device where that is here and on the CPU elsewhere.

    `kind` None: no subclass; `attributes` None: none of the program's own.
    """
    torch = _import("torch")
    own = getattr(torch, dtype)
    flat: Any = torch.from_numpy(storage) if storage.size else torch.empty(0, dtype=torch.uint8)
    made = flat.view(own).as_strided(shape, stride, offset) if storage.size else torch.empty(shape, dtype=own)
    if device.startswith("cuda") and torch.cuda.is_available():
        made = made.to(device)
    if kind is not None:
        made = made.as_subclass(kind)
    if requires_grad:
        made.requires_grad_()
    return _with(made, attributes)


def quantized_tensor(
    numbers: Any, scale: Any, zero: Any, axis: Optional[int], attributes: Optional[Dict[str, Any]]
) -> Any:
    """A quantised torch tensor over its integers; `axis` None: one scale and one zero point for all of it."""
    torch = _import("torch")
    if axis is None:
        made = torch._make_per_tensor_quantized_tensor(numbers, scale, zero)
    else:
        made = torch._make_per_channel_quantized_tensor(numbers, scale, zero, axis)
    return _with(made, attributes)
