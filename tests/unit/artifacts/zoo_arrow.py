"""Arrow: tables, batches, columns, types, fields and schemas with their metadata."""

from __future__ import annotations

from typing import Any

import pyarrow as _arrow

from tests.unit.artifacts.zoo import Species

pa: Any = _arrow
_LONG = "x" * 300
_METADATA = (None, {"k": "v"}, {"k": "w"}, {"k": _LONG + "1"}, {"k": _LONG + "2"}, {"a": "1", "b": "2"})


class Celsius(pa.ExtensionType):
    """A type with a parameter."""

    def __init__(self, scale: str) -> None:
        self.scale = scale
        super().__init__(pa.float64(), "zoo.celsius")

    def __arrow_ext_serialize__(self) -> bytes:
        return self.scale.encode()

    @classmethod
    def __arrow_ext_deserialize__(cls, storage: Any, serialized: bytes) -> Any:
        return cls(serialized.decode())

    def __reduce__(self) -> Any:
        return Celsius, (self.scale,)


_TYPES = (
    *(
        pa.int64(),
        pa.int32(),
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.timestamp("s"),
        pa.timestamp("s", "UTC"),
    ),
    *(
        pa.decimal128(10, 1),
        pa.decimal128(10, 2),
        pa.binary(3),
        pa.binary(),
        pa.list_(pa.int64()),
        pa.large_list(pa.int64()),
    ),
    *(
        pa.list_(pa.field("element", pa.int64())),
        pa.list_(pa.field("item", pa.int64(), nullable=False)),
        pa.list_(pa.int64(), 2),
    ),
    *(
        pa.list_(pa.field("item", pa.int64(), metadata={"a": "b"})),
        pa.list_(pa.field("item", pa.int64(), metadata={"a": "c"})),
    ),
    *(
        pa.struct([("a", pa.int64())]),
        pa.struct([("b", pa.int64())]),
        pa.struct([pa.field("a", pa.int64(), nullable=False)]),
    ),
    *(
        pa.dictionary(pa.int32(), pa.string()),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.string(), True),
    ),
    *(
        pa.map_(pa.string(), pa.int64()),
        pa.map_(pa.string(), pa.int64(), True),
        pa.run_end_encoded(pa.int32(), pa.int64()),
    ),
    *(Celsius("a"), Celsius("b"), pa.null(), pa.bool_(), pa.uuid(), pa.fixed_shape_tensor(pa.int8(), [2, 3])),
    *(pa.fixed_shape_tensor(pa.int8(), [3, 2]), pa.fixed_shape_tensor(pa.int8(), [2, 3], dim_names=["a", "b"])),
)
_NULLABLE = tuple(kind for kind in _TYPES if kind != pa.null())
_ARRAYS: tuple[Any, ...] = (
    *(
        pa.array([1, None], kind)
        for kind in (pa.int64(), pa.int8(), pa.float32(), pa.timestamp("s"), pa.timestamp("s", "UTC"))
    ),
    *(pa.array(["a", None], kind) for kind in (pa.string(), pa.large_string(), pa.string_view(), pa.binary())),
    *(pa.array([[1], [2, 3], None], kind) for kind in (pa.list_(pa.int64()), pa.large_list(pa.int64()))),
    *(
        pa.array([[1], [2, 4], None]),
        pa.array([{"a": 1}]),
        pa.array([{"a": None}]),
        pa.array([None]),
        pa.array([True, None]),
    ),
    *(
        pa.array([[1]], pa.list_(pa.field("element", pa.int64()))),
        pa.array([[1]], pa.list_(pa.field("item", pa.int64(), metadata={"a": "b"}))),
    ),
    *(
        pa.array([[1]], pa.list_(pa.field("item", pa.int64(), nullable=False))),
        pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
    ),
    *(pa.DictionaryArray.from_arrays([0, 1], words) for words in (["a", "b"], ["b", "a"], ["a", "b", "unused"])),
    *(
        pa.DictionaryArray.from_arrays([0, 1], ["a", "b"], ordered=True),
        pa.array([], pa.int64()),
        pa.array([], pa.string()),
    ),
    *(pa.ExtensionArray.from_storage(Celsius(scale), pa.array([1.0])) for scale in "ab"),
    *(pa.array([1.0]), pa.array([1, 1, 2]), pa.RunEndEncodedArray.from_arrays([2, 3], [1, 2])),
)


def field(name: str, kind: Any, nullable: bool, metadata: Any) -> Any:
    return pa.field(name, kind, nullable, metadata)


def schema(names: Any, kind: Any, nullable: bool, metadata: Any, of_field: Any) -> Any:
    return pa.schema([pa.field(name, kind, nullable, of_field) for name in names], metadata)


def table(kind: Any, names: Any, values: Any, metadata: Any, of_field: Any, nullable: bool) -> Any:
    made = pa.schema([pa.field(name, pa.int64(), nullable, of_field) for name in names], metadata)
    return kind.from_arrays([pa.array(values, pa.int64()) for _ in names], schema=made)


def in_pieces(value: Any) -> Any:
    if isinstance(value, pa.Table):
        return pa.concat_tables([value.slice(0, 1), value.slice(1)])
    return value


def sliced(value: Any) -> Any:
    """The same rows as a slice of more."""
    if isinstance(value, pa.Table):
        return pa.concat_tables([value, value]).combine_chunks().slice(len(value))
    if isinstance(value, pa.RecordBatch):
        return pa.concat_batches([value, value]).slice(len(value))
    if isinstance(value, (pa.DictionaryArray, pa.RunEndEncodedArray)) or value.type in (pa.string_view(),):
        return value
    return pa.concat_arrays([value, value]).slice(len(value))


SPECIES = [
    Species("type", lambda value: value, {"value": _TYPES}),
    Species("field", field, {"name": "ab", "kind": _NULLABLE, "nullable": (True, False), "metadata": _METADATA}),
    Species(
        "schema",
        schema,
        {
            "names": ("ab", "ba", "a"),
            "kind": _TYPES[:3],
            "nullable": (True, False),
            "metadata": _METADATA,
            "of_field": _METADATA[:5],
        },
    ),
    Species(
        "table",
        table,
        {
            "kind": (pa.Table, pa.RecordBatch),
            "names": ("ab", "ba", "a"),
            "values": ((1, 2), (1, None), (1, 3)),
            "metadata": _METADATA,
            "of_field": _METADATA[:5],
            "nullable": (True, False),
        },
        {"in pieces": in_pieces, "sliced": sliced},
    ),
    Species("array", lambda value: value, {"value": _ARRAYS}, {"sliced": sliced}),
    Species(
        "array or column",
        lambda make, value: make(value),
        {"make": (pa.array, lambda value: pa.chunked_array([value])), "value": ([1, None], ["a", "b"], [])},
    ),
    Species(
        "column",
        lambda value: pa.chunked_array([value, value]),
        {"value": _ARRAYS},
        {
            "in one": lambda value: (
                pa.chunked_array([value.combine_chunks()])
                if not isinstance(value.combine_chunks(), pa.ChunkedArray)
                else value
            )
        },
    ),
    Species(
        "scalar",
        lambda value: pa.scalar(*value),
        {
            "value": (
                (1,),
                (2,),
                (1, pa.int8()),
                (None, pa.int8()),
                ("a",),
                ([1],),
                ({"a": 1},),
                (1, pa.timestamp("s")),
                (1, pa.timestamp("s", "UTC")),
            )
        },
    ),
    Species("buffer", lambda data: pa.py_buffer(data), {"data": (b"a", b"b", b"")}),
]
