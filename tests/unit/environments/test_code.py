from __future__ import annotations

import linecache
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from penstock.environments.code import source_digest

NUMBERS = count()


def function(source: str, name: str = "f") -> Callable[..., Any]:
    """A function whose source can be found, as a notebook's cell."""
    file = f"<cell {next(NUMBERS)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names: dict[str, Any] = {"step": lambda *args, **options: args[0] if args else lambda f: f, "cache": lambda f: f}
    exec(compile(source, file, "exec"), names)
    return names[name]


PLAIN = function("def f(x):\n    return x + 1\n")


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    # adds one\n    return x + 1\n",
        "def f(x):\n    '''Adds one.'''\n    return x + 1\n",
        "def f(\n    x,\n):\n    return (x\n        + 1)\n",
        "@step\ndef f(x):\n    return x + 1\n",
        "@step(cpu=2)\ndef f(x):\n    return x + 1\n",
        "if True:\n    def f(x):\n        return x + 1\n",
    ],
)
def test_what_does_not_count(source: str):
    assert source_digest(function(source)) == source_digest(PLAIN) != ""


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    return x + 2\n",
        "def f(x):\n    return x + 1.0\n",
        "def f(x=0):\n    return x + 1\n",
        "def f(y):\n    return y + 1\n",
        "def f(x):\n    return x - 1\n",
        "async def f(x):\n    return x + 1\n",
        "@cache\ndef f(x):\n    return x + 1\n",
        "def f(x):\n    'adds'; 'one'\n    return x + 1\n",
    ],
)
def test_what_counts(source: str):
    assert source_digest(function(source)) not in ("", source_digest(PLAIN))


def test_strings_are_not_mistaken_for_names():
    assert source_digest(function("def f(x):\n    return x\n")) != source_digest(
        function("def f(x):\n    return 'x'\n")
    )


def test_what_has_no_source():
    assert source_digest(len) == ""
    assert source_digest(eval("lambda: 1")) == ""


def test_a_lambda_in_the_middle_of_a_call():
    source = "f = max([\n    step(lambda x: x + 1)],\n    key=id)\n"
    assert source_digest(function(source)) != ""
