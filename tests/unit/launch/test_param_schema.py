from __future__ import annotations

import dataclasses
import datetime
import enum
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pytest

from penstock.artifacts import masking
from penstock.launch.conversion import JSON
from penstock.launch.param_schema import schema_of, schema_text
from penstock.launch.parameters import parameters_of
from penstock.sdk.flows import flow


class Kind(enum.Enum):
    WIDE = 1
    DEEP = 2


@dataclasses.dataclass
class Tree:
    depth: int
    left: Tree | None = None


class Pair(NamedTuple):
    x: int
    y: float = 0.5


@dataclasses.dataclass
class Lost:
    it: Nowhere  # noqa: F821  # pyright: ignore[reportUndefinedVariable]


@flow
def wide(
    rows: int,
    lr: float = 0.1,
    name: str = "adam",
    deep: bool = False,
    depths: list[int] = [2, 4],  # noqa: B006
    kind: Kind = Kind.WIDE,
    how: Literal["mean", 3] = "mean",
    maybe: int | None = None,
    tree: Tree = Tree(1, Tree(2)),  # noqa: B008
    pair: Pair = Pair(1),  # noqa: B008
    both: tuple[int, str] = (1, "a"),
    day: datetime.date = datetime.date(2026, 3, 1),
    wait: datetime.timedelta = datetime.timedelta(seconds=90),
    data: Path = Path("data.csv"),
    named: dict[str, float] = {},  # noqa: B006
    some: Sequence[set[int]] = (),
    anything: Any = 3,
    array: np.ndarray = np.zeros(3),  # noqa: B008
    guessed=4,  # pyright: ignore[reportMissingParameterType]
    *rest: int,
    **more: float,
) -> None:
    """Make it wide.

    Args:
        rows: how many
    """


SCHEMA: dict[str, Any] = schema_of(wide)


def test_a_schema_says_what_is_asked_for() -> None:
    assert SCHEMA["required"] == ["rows"]
    assert SCHEMA["title"] == "wide"
    properties = SCHEMA["properties"]
    assert properties["rows"] == {"type": "integer", "description": "how many"}
    assert properties["lr"] == {"type": "number", "default": 0.1}
    assert properties["depths"] == {"type": "array", "items": {"type": "integer"}, "default": [2, 4]}
    assert properties["kind"] == {"enum": ["WIDE", "DEEP"], "default": "WIDE"}
    assert properties["how"] == {"enum": ["mean", 3], "default": "mean"}
    assert properties["maybe"] == {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}
    assert properties["tree"]["$ref"] == "#/$defs/Tree"
    assert SCHEMA["$defs"]["Tree"] == {
        "type": "object",
        "title": "Tree",
        "properties": {
            "depth": {"type": "integer"},
            "left": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]},
        },
        "required": ["depth"],
        "additionalProperties": False,
    }
    assert properties["both"] == {
        "type": "array",
        "prefixItems": [{"type": "integer"}, {"type": "string"}],
        "minItems": 2,
        "maxItems": 2,
        "default": [1, "a"],
    }
    assert properties["some"]["items"] == {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}
    assert properties["anything"] == {"default": 3}
    assert properties["array"] == {"readOnly": True, "title": "ndarray"}
    assert properties["guessed"] == {"type": "integer", "default": 4}
    assert properties["rest"] == {"type": "array", "items": {"type": "integer"}, "default": []}
    assert properties["more"] == {"type": "object", "additionalProperties": {"type": "number"}, "default": {}}
    assert json.loads(schema_text(wide)) == SCHEMA


@pytest.mark.parametrize(
    "name", [one.name for one in parameters_of(wide).named if "default" in SCHEMA["properties"][one.name]]
)
def test_a_default_of_a_form_comes_back_as_the_default(name: str) -> None:
    (known,) = (one for one in parameters_of(wide).named if one.name == name)
    made = JSON.fit(known.annotation, SCHEMA["properties"][name]["default"])
    assert made == (list(known.default) if name == "some" else known.default)


def test_a_field_whose_annotation_names_nothing_fails_no_run() -> None:
    @flow
    def odd(lost: Lost, unknown: Nowhere = 3) -> None: ...  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

    properties = schema_of(odd)["properties"]
    assert properties["lost"] == {"$ref": "#/$defs/Lost"}
    assert schema_of(odd)["$defs"]["Lost"]["additionalProperties"] is True
    assert properties["unknown"] == {"type": "integer", "default": 3}


def test_a_secret_is_in_no_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_forms", {}), ("_texts", None), ("_bytes", None)):
        monkeypatch.setattr(masking, name, value)
    masking.hide(["s3cr3t-value"])

    @flow
    def login(token: str = "s3cr3t-value") -> None: ...

    assert "s3cr3t" not in schema_text(login)


def test_a_text_that_has_no_utf_8_fails_no_run() -> None:
    @flow
    def halves(word: str = "a\ud800", kind: Literal["b\udc00", "c"] = "c", path: Path = Path("d\udcff")) -> None:
        """Halves.

        Args:
            word: \ud800 said.
        """

    text = schema_text(halves)
    properties = json.loads(text.encode())["properties"]
    assert "default" not in properties["word"]
    assert "default" not in properties["path"]
    assert properties["kind"]["enum"] == ["b?", "c"]
    assert properties["kind"]["default"] == "c"
