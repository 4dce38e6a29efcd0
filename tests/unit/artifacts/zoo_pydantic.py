"""Models of pydantic: what was set, private attributes, extras, and models made at run time."""

from __future__ import annotations

from typing import Any

import pydantic
from pydantic.dataclasses import dataclass

from tests.unit.artifacts.zoo import Species


class Settings(pydantic.BaseModel):
    depth: int = 1
    words: list[str] = []
    inner: Any = None


class Other(Settings):
    pass


class Private(pydantic.BaseModel):
    x: int = 1
    _hidden: int = pydantic.PrivateAttr(default=0)


class Open(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    x: int = 1


class Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True)
    x: int = 1


class Root(pydantic.RootModel[list[int]]):
    pass


class Secret(pydantic.BaseModel):
    token: pydantic.SecretStr


@dataclass
class Checked:
    x: int
    y: int = 0


def private(x: int, hidden: int) -> Any:
    made = Private(x=x)
    made._hidden = hidden
    return made


def with_more(x: int, more: Any) -> Any:
    return Open(x=x, **more)


SPECIES = [
    Species(
        "settings",
        lambda kind, depth, words: kind(depth=depth, words=list(words)),
        {"kind": (Settings, Other), "depth": (1, 2), "words": ((), ("a",))},
    ),
    Species(
        "set or not",
        lambda given: Settings(**given),
        {"given": ({}, {"depth": 1}, {"words": []}, {"depth": 1, "words": []})},
    ),
    Species("inner", lambda inner: Settings(inner=inner), {"inner": (1, "1", [1], Frozen(x=1), Frozen(x=2))}),
    Species("private", private, {"x": (1, 2), "hidden": (0, 1)}),
    Species("open", with_more, {"x": (1, 2), "more": ({}, {"a": 1}, {"a": 2}, {"b": 1})}),
    Species("frozen", lambda x: Frozen(x=x), {"x": (1, 2)}),
    Species("root", lambda items: Root(list(items)), {"items": ((), (1,), (1, 2))}),
    Species("secret", lambda token: Secret(token=token), {"token": ("a", "b")}),
    Species("dataclass", Checked, {"x": (1, 2), "y": (0, 1)}),
]
