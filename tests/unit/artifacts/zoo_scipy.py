"""scipy's sparse matrices and arrays, of every format."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse as _sparse

from tests.unit.artifacts.zoo import Species

sparse: Any = _sparse
_FORMATS = ("csr", "csc", "bsr", "coo", "dia", "lil", "dok")


def of(form: str, kind: str, dtype: str, last: int, attributes: Any) -> Any:
    dense = np.array([[0, 1, 0, 0], [2, 0, 0, last]]).astype(dtype)
    made = getattr(sparse, f"{form}_{kind}")(dense)
    if form != "dok":
        vars(made).update(attributes)
    return made


def compressed(kind: Any, data: Any, indices: Any, ends: Any, index_dtype: str) -> Any:
    parts = (np.array(data, "f8"), np.array(indices, index_dtype), np.array(ends, index_dtype))
    return kind(parts, shape=(2, 4))


def triples(kind: Any, data: Any, rows: Any, columns: Any) -> Any:
    return kind((np.array(data, "f8"), (np.array(rows), np.array(columns))), shape=(2, 4))


def asked(value: Any) -> Any:
    """The matrix after it was asked whether it is in order, which it remembers."""
    _ = value.has_canonical_format
    _ = getattr(value, "has_sorted_indices", None)
    return value


SPECIES = [
    Species(
        "matrix",
        of,
        {
            "form": _FORMATS,
            "kind": ("matrix", "array"),
            "dtype": ("f8", "f4", "i8"),
            "last": (3, 4),
            "attributes": ({},),
        },
    ),
    Species(
        "noted",
        of,
        {
            "form": _FORMATS[:-1],
            "kind": ("matrix",),
            "dtype": ("f8",),
            "last": (3, 4),
            "attributes": ({}, {"note": "a"}, {"note": "b"}),
        },
    ),
    Species(
        "compressed",
        compressed,
        {
            "kind": (sparse.csr_matrix, sparse.csr_array),
            "data": ((1, 2), (1, 0), (1, 3)),
            "indices": ((0, 1), (1, 0), (1, 1)),
            "ends": ((0, 2, 2), (0, 1, 2)),
            "index_dtype": ("i4",),
        },
        {"asked": asked},
    ),
    Species(
        "triples",
        triples,
        {
            "kind": (sparse.coo_matrix, sparse.coo_array),
            "data": ((1, 2), (1, 0)),
            "rows": ((0, 0), (0, 1)),
            "columns": ((0, 1), (1, 0), (1, 1)),
        },
        {"asked": asked},
    ),
    Species(
        "shape",
        lambda shape, form: sparse.csr_matrix(shape).asformat(form),
        {"shape": ((2, 3), (3, 2)), "form": _FORMATS},
    ),
]
