"""numpy: arrays of every dtype, its subclasses, scalars, dtypes and random generators."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np

from tests.unit.artifacts.zoo import Species

_NUMBERS = ("bool", "i1", "u1", "<i2", ">i2", "<i8", ">i8", "<u8", "f2", "<f4", ">f4", "<f8", "longdouble", "c8", "c16")
_TIMES = ("M8[D]", "M8[s]", "M8[10s]", "M8[ns]", ">M8[ns]", "m8[s]", "m8[2s]")
_TEXTS = ("U1", "U2", ">U2", "S1", "S2")
_SHAPES = ((4,), (2, 2), (1, 4), (4, 1), (1, 1, 4))


class Marked(np.ndarray):
    """Keeps its attributes in pickles, as numpy's page on subclasses has it."""

    def __reduce__(self) -> Any:
        make, args, state = super().__reduce__()
        return make, args, (*state, self.__dict__)

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state[:-1])
        self.__dict__.update(state[-1])


class Metres(np.float64):
    """A scalar with attributes."""


def strided(value: Any) -> Any:
    """The same array, spread over other memory."""
    if type(value) is not np.ndarray or not value.ndim:
        return value
    wide = np.zeros(tuple(2 * length for length in value.shape), value.dtype)
    spread = wide[tuple(slice(None, None, 2) for _ in value.shape)]
    spread[...] = value
    return spread


def frozen(value: Any) -> Any:
    if type(value) is np.ndarray:
        value.flags.writeable = False
    return value


def mapped(value: Any) -> Any:
    """The array as a memory map of a file."""
    if type(value) is not np.ndarray or value.dtype.hasobject or not value.size:
        return value
    with tempfile.NamedTemporaryFile() as file:
        made = np.memmap(file.name, value.dtype, "w+", shape=value.shape)
        made[...] = value
        return made


_SAME = {"fortran": np.asfortranarray, "strided": strided, "frozen": frozen}


def numbers(dtype: str, shape: Any, last: int) -> Any:
    return np.array([0, 1, 1, last]).astype(dtype).reshape(shape)


def titled(title: Any, offset: int, size: int, align: bool, names: Any, value: int) -> Any:
    titles = [title, None]
    fields = {"names": names, "formats": ["i4", "f8"], "offsets": [0, offset], "titles": titles, "itemsize": size}
    made = np.zeros(2, np.dtype(fields, align=align))
    made[names[0]] = value
    return made


def structured(fields: Any, kind: Any) -> Any:
    made = np.zeros(2, np.dtype(fields))
    return made.view(kind) if kind is np.recarray else made


def with_metadata(dtype: str, metadata: Any, deep: bool) -> Any:
    inner = np.dtype(dtype, metadata=metadata) if metadata else np.dtype(dtype)
    return np.zeros(2, np.dtype([("a", inner)]) if deep else inner)


def masked(data: Any, mask: Any, fill: Any, hard: bool, info: Any) -> Any:
    made = np.ma.array(data, mask=np.ma.nomask if mask is None else list(mask), fill_value=fill, hard_mask=hard)
    made._optinfo.update(info)
    return made


def masked_structured(mask: Any, value: int) -> Any:
    return np.ma.array([(value, 2.0)], mask=[mask], dtype=[("a", "i4"), ("b", "f8")])


def marked(values: Any, attributes: Any) -> Any:
    made = np.array(values).view(Marked)
    made.__dict__.update(attributes)
    return made


def objects(items: Any, shape: Any) -> Any:
    made = np.empty(len(items), dtype=object)
    for index, item in enumerate(items):
        made[index] = list(item) if isinstance(item, list) else item
    return made.reshape(shape)


def texts(missing: Any, coerce: bool, last: str) -> Any:
    given = {} if missing is ... else {"na_object": missing}
    return np.array(["a", last], dtype=np.dtypes.StringDType(coerce=coerce, **given))


def metres(value: float, attributes: Any) -> Any:
    made = Metres(value)
    vars(made).update(attributes)
    return made


def generator(bits: str, seed: int, draws: int, spawned: int) -> Any:
    source = getattr(np.random, bits)(np.random.SeedSequence(seed))
    made = np.random.Generator(source)
    made.integers(0, 10, draws, dtype="i4")
    made.bit_generator.seed_seq.spawn(spawned)
    return made


def old_generator(seed: int, draws: int) -> Any:
    made = np.random.RandomState(seed)
    made.normal(size=draws)
    return made


def seed_sequence(entropy: Any, key: Any, pool: int, spawned: int) -> Any:
    made = np.random.SeedSequence(entropy, spawn_key=key, pool_size=pool)
    made.spawn(spawned)
    return made


_CONFUSABLE = (
    [("a", "<i4"), ("b", "<i4")],
    [("a:0:<i4,b", "<i4"), ("c", "<i4")],
    [("b", "<i4"), ("a", "<i4")],
    [("a", "<i4"), ("b", "<f4")],
    [("a", "<i4", (1,)), ("b", "<i4")],
    [("a", "<i4"), ("b", [("c", "<i4")])],
    [("a", "O"), ("b", "<i4")],
    [("a", "M8[s]"), ("b", "<i4")],
)

SPECIES = [
    Species(
        "numbers",
        numbers,
        {"dtype": (*_NUMBERS, *_TIMES, *_TEXTS), "shape": _SHAPES, "last": (0, 1)},
        {**_SAME, "mapped": mapped},
    ),
    Species(
        "large",
        lambda last, order: np.array([[*range(300)] * 50, [last] * 15_000], order=order),
        {"last": (0, 1), "order": "C"},
        _SAME,
    ),
    Species(
        "empty",
        lambda dtype, shape: np.zeros(shape, dtype),
        {"dtype": ("f8", "i4", "O"), "shape": ((0,), (0, 3), (3, 0))},
        _SAME,
    ),
    Species(
        "no dimensions", lambda value, dtype: np.array(value, dtype), {"value": (0, 1), "dtype": ("f8", "i4", "O")}
    ),
    Species(
        "scalar",
        lambda value, dtype: np.array([value]).astype(dtype)[0],
        {
            "value": (0, 1),
            "dtype": (*_NUMBERS[:2], "<i4", "f4", "f8", "c8", "M8[s]", "M8[D]", "m8[s]", "U1", "S1", "V1"),
        },
    ),
    Species("scalar of fields", lambda fields: np.zeros(1, fields)[0], {"fields": _CONFUSABLE}),
    Species("subclass of a scalar", metres, {"value": (0.0, 1.0), "attributes": ({}, {"unit": "m"}, {"unit": "k"})}),
    Species("fields", structured, {"fields": _CONFUSABLE, "kind": (np.ndarray, np.recarray)}),
    Species(
        "titles",
        titled,
        {
            "title": (None, "A", "B"),
            "offset": (8, 16),
            "size": (24, 32),
            "align": (False, True),
            "names": (["a", "b"], ["b", "a"]),
            "value": (0, 1),
        },
    ),
    Species(
        "metadata",
        with_metadata,
        {"dtype": ("f8", "i4"), "metadata": (None, {"unit": "m"}, {"unit": "k"}), "deep": (False, True)},
    ),
    Species("record", lambda kind: np.zeros(2, np.dtype((kind, [("a", "i4")]))), {"kind": (np.void, np.record)}),
    Species(
        "masked",
        masked,
        {
            "data": ((1, 2), (1, 3), (1.0, 2.0)),
            "mask": (None, (0, 0), (0, 1)),
            "fill": (None, 5, 6),
            "hard": (False, True),
            "info": ({}, {"a": 1}),
        },
    ),
    Species("masked fields", masked_structured, {"mask": ((0, 0), (0, 1), (1, 1)), "value": (1, 2)}),
    Species("the masked one", lambda value: value, {"value": (np.ma.masked, np.ma.nomask)}),
    Species(
        "matrix",
        lambda value, kind: np.array([[1, value]]).view(kind),
        {"value": (1, 2), "kind": (np.matrix, np.ndarray, np.recarray)},
    ),
    Species("marked", marked, {"values": ((1, 2), (1, 3)), "attributes": ({}, {"unit": "m"}, {"unit": "k"})}),
    Species(
        "objects",
        objects,
        {
            "items": ((1, "a"), ("a", "b"), ("ab", ""), (None, "b"), ([1], [2]), (1, 2), (1.0, 2), (True, 2)),
            "shape": ((2,), (1, 2)),
        },
        {"fortran": np.asfortranarray},
    ),
    Species("many texts", lambda last: np.array(["žluť"] * 20_000 + [last], dtype=object), {"last": ("", "a")}),
    Species("texts", texts, {"missing": (..., None, float("nan")), "coerce": (True, False), "last": ("", "b")}),
    Species("dtype", lambda dtype: np.dtype(dtype), {"dtype": (*_NUMBERS, *_TIMES, *_TEXTS, *_CONFUSABLE)}),
    Species(
        "dtype with metadata",
        lambda dtype, unit: np.dtype(dtype, metadata={"unit": unit}),
        {"dtype": ("f8", "i4"), "unit": "mk"},
    ),
    Species("function", lambda value: value, {"value": (np.add, np.multiply, np.mean, np.float64, np.linalg.norm)}),
    Species(
        "generator",
        generator,
        {
            "bits": ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"),
            "seed": (1, 2),
            "draws": (0, 1, 2),
            "spawned": (0, 1),
        },
    ),
    Species("old generator", old_generator, {"seed": (1, 2), "draws": (0, 1, 2)}),
    Species("seed", seed_sequence, {"entropy": (1, 2, (1, 2)), "key": ((), (1,)), "pool": (4, 5), "spawned": (0, 1)}),
    Species("polynomial", lambda values: np.polynomial.Polynomial(values), {"values": ((1, 2), (1, 3))}),
]
