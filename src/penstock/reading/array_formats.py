"""Files for arrays of numpy, sparse matrices of scipy and tensors of torch."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from penstock.reading.formats import PICKLE, Formats

_PLAIN = ("ndarray", "memmap", "matrix", "recarray")  # classes of numpy's that are no more than their elements
_IN_CSV = "biufcmMU"


def of(value: Any) -> Formats | None:
    """The formats of an array; None: it is none."""
    np: Any = sys.modules.get("numpy")
    if np is not None and isinstance(value, np.ndarray):
        if isinstance(value, np.ma.MaskedArray):
            return _of_masked(value)
        return {".npy": _why_no_npy(np, value) or _write_npy, ".csv": _why_no_csv(value) or _write_csv}
    names = {base.__name__ for base in type(value).__mro__}
    if names & {"_spbase", "spmatrix", "sparray"} and hasattr(value, "tocoo"):
        known = value.format in ("csc", "csr", "bsr", "dia", "coo")
        if not known:
            return {**PICKLE, ".npz": f"it has no form for {value.format}"}
        return {".npz": _write_npz, ".npy": "it is sparse", ".csv": "it is sparse"}
    if "Tensor" in names:
        return _of_tensor(value)
    return None


def _of_masked(value: Any) -> Formats:
    """A mask is nothing that .npy has."""
    why = _why_no_csv(value) or (value.dtype.names and "it has fields")
    return {**PICKLE, ".csv": why or _write_csv, ".npy": "it would lose the mask"}


def _why_odd(kind: Any, *known: str) -> str:
    """What knows more than its elements (a unit, say) would lose it."""
    is_known = kind.__name__ in (*_PLAIN, *known) and kind.__module__.startswith("numpy")
    return "" if is_known else f"it would lose that it is a {kind.__name__}"


def _why_no_npy(np: Any, value: Any) -> str:
    dtype = value.dtype
    if odd := _why_odd(type(value)):
        return odd
    if dtype.hasobject:
        return "it holds Python objects"
    layout = np.lib.format
    if dtype.metadata or layout.descr_to_dtype(layout.dtype_to_descr(dtype)) != dtype:
        return f"it would lose its dtype, {dtype}"
    return ""


def _why_no_csv(value: Any) -> str:
    if odd := _why_odd(type(value), "MaskedArray"):
        return odd
    if value.ndim > 2:
        return f"it has {value.ndim} dimensions"
    fields = value.dtype.names or ()
    if fields and value.ndim != 1:
        return "it has fields, and not one dimension"
    for dtype in [value.dtype[name] for name in fields] or [value.dtype]:
        if dtype.kind not in _IN_CSV or dtype.shape:
            return f"a cell can't hold {dtype}"
    return ""


def _write_npy(value: Any, to: Path) -> None:
    import numpy as np

    with open(to, "wb") as file:
        np.save(file, value, allow_pickle=False)


def _write_csv(value: Any, to: Path) -> None:
    with open(to, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(_rows(value))


def _rows(value: Any) -> Iterator[list[str]]:
    """As cells; of what is masked empty ones."""
    import numpy as np

    masked: Any = np.ma.masked
    if value.dtype.names:
        yield list(value.dtype.names)
        for row in value:
            yield [str(row[name]) for name in value.dtype.names]
        return
    rows = value.reshape(1, 1) if value.ndim == 0 else value.reshape(-1, 1) if value.ndim == 1 else value
    for row in rows:
        cells = np.asarray(row).ravel() if type(row).__name__ == "matrix" else row
        yield ["" if cell is masked else str(cell) for cell in cells]


def _write_npz(value: Any, to: Path) -> None:
    sparse: Any = import_module("scipy.sparse")
    with open(to, "wb") as file:
        sparse.save_npz(file, value)


def _of_tensor(value: Any) -> Formats:
    plain = str(value.layout) == "torch.strided" and not value.is_quantized and not value.is_complex()
    known = plain and str(value.dtype) != "torch.bfloat16" and "float8" not in str(value.dtype)
    why = f"numpy has no {value.dtype}" if plain else "it is no plain array"
    saved: Formats = dict.fromkeys((".pt", ".pth"), lambda value, to: import_module("torch").save(value, to))
    return {**saved, ".npy": (lambda value, to: _write_npy(value.detach().cpu().numpy(), to)) if known else why}
