"""Values that go from one environment to another, and what makes two of them the same. For all of the kit's Pythons.

    python crossing.py write STORE FOLDER GROUP...    python crossing.py read STORE FOLDER GROUP...

`write` puts a record of each value into FOLDER; `read` prints what it finds wrong there, one line for each value.
"""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import http
import ipaddress
import operator
import pathlib
import random
import re
import statistics
import subprocess
import sys
import types
import uuid
import zoneinfo
from collections.abc import Callable, Iterator
from typing import Any

Make = Callable[[], Any]


class Color(enum.Enum):
    RED = "red"
    GREEN = 2


class Rights(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass(frozen=True)
class Point:
    x: float
    tags: tuple[str, ...] = ()


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a: Any) -> None:
        self.a = a

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Slotted) and self.a == other.a

    __hash__ = None  # type: ignore[assignment]


class Holder:
    """Keeps anything, as a model keeps its weights: what it holds is pickled inside of it."""

    def __init__(self, **held: Any) -> None:
        self.__dict__.update(held)


class Refused(ValueError):
    def __init__(self, code: int, *, hint: str) -> None:
        super().__init__(f"refused: {code}")
        self.code = code
        self.hint = hint


def double(x: int) -> int:
    return 2 * x


def _refused() -> Refused:
    error = Refused(7, hint="later")
    error.__cause__ = KeyError("key")
    return error


def _noted() -> ValueError:
    error = ValueError("noted")
    error.__notes__ = ["one", "two"]  # as `add_note` leaves it from Python 3.11 on
    return error


def plain() -> dict[str, Make]:
    return {
        "atoms": lambda: [None, True, -(2**80), 0.5, 1j, "žluť \ud800", b"\0", bytearray(b"x"), ..., NotImplemented],
        "containers": lambda: {"a": [(1,), {2}, frozenset({3})], 4: collections.OrderedDict(b=1)},
        "collections": lambda: [
            collections.deque([1, 2], 5),
            collections.Counter("aab"),
            collections.defaultdict(list, a=[1]),
            collections.ChainMap({"a": 1}),
        ],
        "dates": lambda: [
            datetime.date(2026, 1, 2),
            datetime.datetime(2026, 1, 2, 3, 4, 5, 6, fold=1),
            datetime.datetime(2026, 7, 1, tzinfo=datetime.timezone.utc),  # noqa: UP017  Python 3.9 reads this
            datetime.datetime(2026, 7, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2), "X")),
            datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Prague")),
            datetime.timedelta(days=-1, microseconds=3),
            datetime.time(1, 2),
        ],
        "numbers": lambda: [decimal.Decimal("1.10"), fractions.Fraction(1, 3), decimal.Decimal("NaN").is_nan()],
        "paths": lambda: [
            pathlib.Path("no/such"),
            pathlib.PurePosixPath("a/b"),
            pathlib.PureWindowsPath("c:/d"),
            pathlib.PurePath("e"),
            {"model": pathlib.PosixPath("/x/y")},
        ],
        "library": lambda: [
            uuid.UUID(int=5),
            re.compile("a+", re.IGNORECASE),
            range(1, 9, 2),
            types.SimpleNamespace(a=1),
            operator.itemgetter(1)([4, 5]),
            functools.partial(double, 3)(),
            slice(1, 2) == slice(1, 2),
            list[int],
            collections.namedtuple,
            statistics.NormalDist(1, 2),
            ipaddress.ip_network("10.0.0.0/8"),
            http.HTTPStatus.OK,
            array.array("d", [1, 2]),
        ],
        "random": lambda: random.Random(3).getstate(),
        "enums": lambda: [Color.RED, Color.GREEN, Rights.READ | Rights.WRITE, Level.LOW, {Color.RED: 1}],
        "own": lambda: [Point(0.5, ("a",)), Slotted([1]), Point, double, len, dict, datetime.date],
        "long": lambda: {"text": "x" * 100_000, "data": bytearray(range(256)) * 400, "both": ["y" * 70_000] * 2},
        "exception": _refused,
        "exceptions": lambda: [
            KeyError("k"),
            OSError(2, "gone", "file"),
            UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"),
            AttributeError("no"),
            ModuleNotFoundError("No module named 'x'", name="x"),
            StopIteration(3),
            SystemExit(4),
            subprocess.CalledProcessError(1, ["a"], "output"),
            _noted(),
        ],
    }


def numpy() -> dict[str, Make]:
    import numpy as np

    def structured() -> Any:
        kind = np.dtype([("a", "<i4"), ("b", "U3"), ("c", "<f8", (2,))], align=True)
        return np.array([(1, "x", (0.5, 1.5)), (2, "yy", (2.5, 3.5))], kind)

    grid = np.arange(24.0).reshape(4, 6)
    kinds = "? b B h H i I l L q Q e f d F D g".split()
    return {
        **{f"kind {kind}": lambda kind=kind: np.array([0, 1, 2, 3], kind) for kind in kinds},
        # numpy itself makes an int64 of a long long's pickle.
        **{f"scalar {kind}": lambda kind=kind: np.dtype(kind).type(1) for kind in kinds if kind not in "qQ"},
        "big": lambda: np.arange(100_000),
        "big Fortran": lambda: np.asfortranarray(np.arange(90_000.0).reshape(300, 300)),
        "Fortran": lambda: np.asfortranarray(grid),
        "strided": lambda: grid[::2, ::-1],
        "zero dimensions": lambda: np.array(5.5),
        "empty": lambda: np.empty((0, 3), "f4"),
        "other byte order": lambda: np.arange(5, dtype=">i8"),
        "structured": structured,
        "a record": lambda: structured()[1],
        "recarray": lambda: structured().view(np.recarray),
        "structured with objects": lambda: np.array([(1, "x"), (2, None)], [("a", "i8"), ("b", "O")]),
        "datetimes": lambda: np.array(["2026-01-02", "NaT"], "datetime64[D]"),
        "a datetime": lambda: np.datetime64("2026-01-02T03:04:05.678"),
        "durations": lambda: np.array([1, 2], "timedelta64[ms]"),
        "texts": lambda: np.array(["a", "žluť", ""], dtype=object),
        "many texts": lambda: np.array([f"text {number}" for number in range(20_000)], dtype=object),
        "objects": lambda: np.array([None, 1, "a", 2.5, [3]], dtype=object),
        "unicode": lambda: np.array(["a", "žluť"]),
        "bytes": lambda: np.array([b"a", b"bcd"]),
        "masked": lambda: np.ma.masked_array([1, 2, 3], mask=[0, 1, 0]),
        "matrix": lambda: np.asmatrix(grid),
        "dtypes": lambda: [np.dtype("f4"), np.dtype("M8[ns]"), structured().dtype, np.dtype("?")],
        "classes": lambda: [np.float64, np.int32, np.bool_, np.str_, np.ndarray, np.longlong, np.object_],
        "functions": lambda: [np.mean, np.sin, np.linalg.norm],
        "inside": lambda: Holder(
            weights=grid, seen={"a": np.float64(1.5)}, flags=np.array([True]), kind=np.dtype("f4")
        ),
        "inside, large": lambda: Holder(weights=np.arange(90_000.0), objects=np.array([None, {}], dtype=object)),
        "old random": lambda: np.random.RandomState(5),
        "new random": lambda: np.random.default_rng(5),
    }


def pandas() -> dict[str, Make]:
    import numpy as np
    import pandas as pd

    # What None becomes among texts, and which unit times get, each version of pandas decides otherwise.
    names = ["a", "bb", np.nan, "žluť"]
    times = pd.to_datetime(["2026-01-02", "2026-03-04", None, "2026-05-06T07:08:09.123456"], format="ISO8601")
    times = times.as_unit("us")

    def table() -> Any:
        return pd.DataFrame(
            {
                "i": [1, 2, 3, 4],
                "f": [0.5, None, 1.5, 2.5],
                "b": [True, False, True, False],
                "s": names,
                "t": times,
                "z": times.tz_localize("Europe/Prague"),
                "u": times.tz_localize("UTC"),
                "c": pd.Categorical(["x", "y", "x", None]),
                "o": pd.Categorical(["x", "y", "x", "y"], categories=["y", "x"], ordered=True),
                "I": pd.array([1, None, 3, 4], dtype="Int64"),
                "F": pd.array([0.5, None, 3, 4], dtype="Float32"),
                "B": pd.array([True, None, False, True], dtype="boolean"),
                "S": pd.array(names, dtype="string"),
                "d": pd.to_timedelta([1, 2, None, 4], unit="s").as_unit("ms"),
                "p": pd.period_range("2026-01", periods=4, freq="M"),
                "n": pd.interval_range(0, 4),
                "m": [None, 1, "a", [2]],
            },
            index=pd.Index(list("wxyz"), name="key"),
        )

    columns = list(table().columns)
    levels = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["one", "two"])
    many = [f"text {number % 977}" for number in range(20_000)]

    def noted() -> Any:
        frame = pd.DataFrame({"a": [1]})
        frame.attrs["unit"] = "m"
        return frame.set_flags(allows_duplicate_labels=False)

    return {
        **{f"column {name}": lambda name=name: table()[[name]] for name in columns},
        **{f"series {name}": lambda name=name: table()[name] for name in columns},
        **{f"index {name}": lambda name=name: pd.Index(table()[name]) for name in columns if name != "m"},
        "table": table,
        "numbers alone": lambda: pd.DataFrame(np.arange(12.0).reshape(4, 3), columns=list("abc")),
        "many rows": lambda: pd.DataFrame({"i": np.arange(50_000), "f": np.arange(50_000.0)}),
        "many texts": lambda: pd.DataFrame({"s": many, "S": pd.array([*many[:-1], None], dtype="string")}),
        "rows by levels": lambda: pd.DataFrame({"v": [1, 2, 3, 4]}, index=levels),
        "columns by levels": lambda: pd.DataFrame(np.arange(8).reshape(2, 4), columns=levels),
        "levels": lambda: levels,
        "range": lambda: pd.RangeIndex(1, 9, 2, name="r"),
        "regular times": lambda: pd.Series(range(3), index=pd.date_range("2026-01-01", periods=3, freq="D", unit="s")),
        "seconds": lambda: pd.Series(np.array(["2026-01-02T03:04:05"], "M8[s]")),
        "sliced": lambda: table().iloc[1:3],
        "empty": lambda: table().iloc[:0],
        "no columns": lambda: pd.DataFrame(index=[1, 2]),
        "doubled columns": lambda: pd.DataFrame([[1, "a"], [2, "b"]], columns=["x", "x"]),
        "sparse": lambda: pd.Series(pd.arrays.SparseArray([0, 0, 1])),
        "noted": noted,
        "atoms": lambda: [
            pd.Timestamp("2026-01-02"),
            pd.Timestamp("2026-01-02", tz="Europe/Prague"),
            pd.Timedelta("3h"),
            pd.Period("2026-01", "M"),
            pd.Interval(1, 2),
        ],
        "nothing": lambda: [pd.NaT, pd.NA],
        "rows by times and categories": lambda: pd.MultiIndex.from_arrays(
            [times[:2].tz_localize("UTC"), pd.Categorical(["a", "b"])]
        ),
        "doubled rows": lambda: pd.DataFrame({"v": [1, 2]}, index=["x", "x"]),
        "cut": lambda: pd.cut(pd.Series([1.0, 2, 3]), 2),
        "other objects": lambda: pd.DataFrame({"d": [datetime.date(2026, 1, 2)], "n": [decimal.Decimal("1.5")]}),
        "dtypes": lambda: [
            pd.StringDtype("python"),
            pd.Int64Dtype(),
            pd.CategoricalDtype([1, 2]),
            pd.DatetimeTZDtype(tz="UTC"),
            pd.PeriodDtype("D"),
        ],
        "inside": lambda: Holder(frame=table(), names=table()["s"], columns=table().columns),
        "grouped texts": lambda: {"by": table()["s"].dropna(), "all": [table().columns, table().index]},
    }


def polars() -> dict[str, Make]:
    import polars as pl

    times = [datetime.datetime(2026, 1, 2, 3), None]
    columns = {
        "numbers": [1, None],
        "floats": [0.5, None],
        "texts": ["a", None],
        "truths": [True, None],
        "bytes": [b"x", None],
        "dates": [datetime.date(2026, 1, 2), None],
        "times": times,
        "zoned": pl.Series(times).dt.replace_time_zone("Europe/Prague"),
        "durations": [datetime.timedelta(1), None],
        "lists": [[1, 2], []],
        "structs": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
        "categories": pl.Series(["a", "b"], dtype=pl.Categorical),
        "decimals": [decimal.Decimal("1.50"), None],
        "arrays": pl.Series([[1, 2], [3, 4]], dtype=pl.Array(pl.Int64, 2)),
        "nothing": [None, None],
    }
    return {
        **{f"column {name}": lambda name=name: pl.DataFrame({name: columns[name]}) for name in columns},
        "table": lambda: pl.DataFrame(columns),
        "series": lambda: pl.Series("x", [1, 2], dtype=pl.UInt8),
        "many rows": lambda: pl.DataFrame({"i": range(50_000), "s": [f"text {number}" for number in range(50_000)]}),
        "empty": lambda: pl.DataFrame(schema={"a": pl.Int32}),
        "dtypes": lambda: [pl.Int64, pl.List(pl.Int8), pl.Datetime("us", "UTC")],
    }


def pyarrow() -> dict[str, Make]:
    import pyarrow as pa

    times = pa.array([1, None], pa.timestamp("us", "UTC"))
    table = pa.table({"i": [1, None], "s": ["x", None], "l": [[1], [2, 3]], "t": times})
    return {
        "table": lambda: table.replace_schema_metadata({"unit": "m"}),
        "sliced": lambda: table.slice(1),
        "chunks": lambda: pa.concat_tables([table, table]),
        "batch": lambda: table.to_batches()[0],
        "column": lambda: table["s"],
        "many rows": lambda: pa.table({"a": range(50_000)}),
        "dictionary": lambda: pa.array(["a", "b", "a"]).dictionary_encode(),
        "structs": lambda: pa.array([{"a": 1}, None]),
        "maps": lambda: pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
        "decimals": lambda: pa.array([decimal.Decimal("1.5")]),
        "fixed": lambda: pa.array([[1, 2]], pa.list_(pa.int8(), 2)),
        "types": lambda: [table.schema, pa.field("a", pa.int64(), metadata={"k": "v"}), pa.list_(pa.string())],
        "scalar": lambda: pa.scalar(5),
    }


def scipy() -> dict[str, Make]:
    import numpy as np
    from scipy import sparse

    grid = np.array([[0, 1.5], [2, 0]])
    kinds = [f"{kind}_{family}" for kind in "csr csc coo lil dok dia bsr".split() for family in ("matrix", "array")]
    return {
        **{kind: lambda kind=kind: getattr(sparse, kind)(grid) for kind in kinds if hasattr(sparse, kind)},
        "large": lambda: sparse.coo_matrix(np.arange(40_000.0).reshape(200, 200)),
        "inside": lambda: Holder(seen=sparse.coo_matrix(grid)),
    }


def sklearn() -> dict[str, Make]:
    import numpy as np
    from sklearn import linear_model, pipeline, preprocessing, tree

    rows = np.arange(40.0).reshape(20, 2)
    models = {
        "tree": tree.DecisionTreeClassifier,
        "regression": linear_model.LinearRegression,
        "pipeline": lambda: pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()),
    }
    return {name: lambda make=make: make().fit(rows, rows[:, 0] > 18) for name, make in models.items()}


GROUPS: dict[str, Callable[[], dict[str, Make]]] = {
    "plain": plain,
    "numpy": numpy,
    "pandas": pandas,
    "polars": polars,
    "pyarrow": pyarrow,
    "scipy": scipy,
    "sklearn": sklearn,
}


def same(found: Any, wanted: Any) -> bool:
    """Whether a value is what would have been made here."""
    kind = type(wanted)
    library = kind.__module__.partition(".")[0]
    if library == "pandas" and hasattr(wanted, "index" if "Frame" in kind.__name__ else "dtype"):
        return _same_in_pandas(found, wanted)
    if isinstance(wanted, float) and wanted != wanted:
        return found != found
    if library == "pandas" and not isinstance(wanted, type):
        return found is wanted or bool(found == wanted)
    if library == "numpy" and not isinstance(wanted, type):
        return _same_in_numpy(found, wanted)
    if library in ("polars", "pyarrow", "scipy", "sklearn"):
        return type(found) is kind and _same_elsewhere(found, wanted)
    if type(found) is not kind:
        return False
    if isinstance(wanted, (list, tuple)):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, dict):
        return list(found) == list(wanted) and all(same(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, BaseException):
        kept = {name: found.__dict__.get(name) for name in wanted.__dict__}
        return same((found.args, kept, found.__cause__), (wanted.args, wanted.__dict__, wanted.__cause__))
    return same(vars(found), vars(wanted)) if kind is Holder else bool(found == wanted)


def _same_in_numpy(found: Any, wanted: Any) -> bool:
    import numpy as np

    if isinstance(wanted, np.dtype) or callable(wanted):
        return bool(found == wanted)
    if "random" in type(wanted).__module__:
        draw = "randint" if hasattr(wanted, "randint") else "integers"
        return bool((getattr(found, draw)(9, size=9) == getattr(wanted, draw)(9, size=9)).all())
    if isinstance(wanted, np.ma.MaskedArray):
        return bool((found.mask == wanted.mask).all() and (found.compressed() == wanted.compressed()).all())
    if not isinstance(wanted, np.ndarray):
        return type(found) is type(wanted) and found.dtype == wanted.dtype and bool(found == wanted)
    alike = found.dtype == wanted.dtype and found.shape == wanted.shape and found.flags.writeable
    order = not wanted.flags.f_contiguous or found.flags.f_contiguous
    if wanted.dtype.hasobject:
        return alike and bool(found.tolist() == wanted.tolist())
    return alike and order and (np.array_equal(found, wanted) or found.tobytes() == wanted.tobytes())


def _same_in_pandas(found: Any, wanted: Any) -> bool:
    import pandas as pd

    checks = {"DataFrame": pd.testing.assert_frame_equal, "Series": pd.testing.assert_series_equal}
    name = type(wanted).__name__
    loose: dict[str, Any] = {"check_dtype": False} if name in checks else {"exact": False}
    if name == "DataFrame" or name == "Series":
        loose["check_index_type"] = False
        loose["check_freq"] = True
    if name == "DataFrame":
        loose["check_column_type"] = False
    if "Dtype" in name:
        return bool(found == wanted)
    check = checks.get(name, pd.testing.assert_index_equal)
    check(found, wanted, check_categorical=False, **loose)
    if name == "DataFrame" and (found.attrs, found.flags) != (wanted.attrs, wanted.flags):
        return False
    return type(found) is type(wanted) and _kinds(found) == _kinds(wanted)


def _same_elsewhere(found: Any, wanted: Any) -> bool:
    if hasattr(wanted, "predict"):
        rows = [[1.0, 2.0], [37.0, 38.0]]
        return bool((abs(found.predict(rows) - 1.0 * wanted.predict(rows)) < 1e-6).all())
    if hasattr(wanted, "todense"):
        return found.dtype == wanted.dtype and bool((found.todense() == wanted.todense()).all())
    return bool(found.equals(wanted)) if hasattr(wanted, "equals") else bool(found == wanted)


def _kinds(value: Any) -> list[str]:
    """dtypes, where those that the versions of pandas choose by themselves count as one."""
    dtypes = value.dtypes.tolist() if hasattr(value, "columns") else [getattr(value, "dtype", None)]
    texts = [re.sub(r"\[(s|ms|us|ns)\b", "[", str(dtype)) for dtype in dtypes]
    return ["object" if text == "str" else text for text in texts]


def _all(groups: list[str]) -> Iterator[tuple[str, Make]]:
    for group in groups:
        for name, make in GROUPS[group]().items():
            yield f"{group}: {name}", make


def main(verb: str, store_folder: str, folder: str, groups: list[str]) -> None:
    from penstock.artifacts import codec
    from penstock.artifacts.folder import FolderStore

    store = FolderStore(store_folder)
    for number, (name, make) in enumerate(_all(groups)):
        file = pathlib.Path(folder, f"{number}.record")
        if verb == "write":
            if name == "plain: exception":
                file.write_bytes(codec.encode_exception(make(), store) or b"")
            else:
                file.write_bytes(codec.encode(make(), store).stored.record)
            continue
        try:
            found = codec.decode(file.read_bytes(), store, verify=True)
            if not same(found, make()):
                print(f"{name}: {found!r:.200} is not {make()!r:.200}")
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {str(error)[:300]!r}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
