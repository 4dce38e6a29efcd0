"""A plain function's parameters are those that `inspect` finds, and calls of it are bound as `inspect` binds them."""

from __future__ import annotations

import functools
import inspect
import itertools
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.sdk.binding import Binder
from penstock.sdk.signatures import NOTHING, parameters_of_function

_PARTS = (
    ("", "p, /", "p, q=5, /"),
    ("", "a", "a, b=1", "a=0, b: int = 1"),
    ("", "*", "*rest"),
    ("", "k", "k: str = 'x', m"),
    ("", "**more"),
)


def _functions() -> list[Callable[..., Any]]:
    """Functions with each kind of parameter, in each mixture that Python allows."""
    made: list[Callable[..., Any]] = []
    for parts in itertools.product(*_PARTS):
        names: dict[str, Any] = {}
        try:
            exec(f"def f({', '.join(filter(None, parts))}):\n    local = 1\n    return locals()", names)
        except SyntaxError:
            continue
        made.append(names["f"])
    return made


FUNCTIONS = _functions()


@pytest.mark.parametrize("fn", FUNCTIONS, ids=lambda fn: str(inspect.signature(fn)))
def test_a_plain_function_tells_what_inspect_tells(fn: Callable[..., Any]):
    empty = inspect.Parameter.empty
    found = [(one.name, one.kind, one.default, one.annotation) for one in parameters_of_function(fn)]
    assert found == [
        (one.name, one.kind.name, *(NOTHING if it is empty else it for it in (one.default, one.annotation)))
        for one in inspect.signature(fn).parameters.values()
    ]


_NAMES = st.sampled_from(["p", "q", "a", "b", "k", "m", "other"])


@given(st.sampled_from(FUNCTIONS), st.lists(st.integers(), max_size=4), st.dictionaries(_NAMES, st.integers()))
def test_a_call_is_bound_as_inspect_binds_it(fn: Callable[..., Any], args: list[int], kwargs: dict[str, int]):
    signature, binder = inspect.signature(fn), Binder(fn)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        with pytest.raises(TypeError, match=re.escape(f"f() {error}")):
            binder.filled(tuple(args), kwargs)
        return
    bound.apply_defaults()
    filled = binder.filled(tuple(args), kwargs)
    assert list(filled.items()) == list(bound.arguments.items())
    assert binder.call(filled) == fn(*args, **kwargs)


def test_what_stands_for_another_function_is_asked_by_inspect():
    def inner(x: int, *, y: int = 2) -> None: ...

    @functools.wraps(inner)
    def outer(*args: Any, **kwargs: Any) -> None: ...

    for fn in (outer, functools.partial(inner, 1), type("Callable", (), {"__call__": lambda self, z: None})()):
        assert [one.name for one in parameters_of_function(fn)] == list(inspect.signature(fn).parameters)


def test_plain_functions_do_without_inspect():
    code = (
        "import sys; from penstock.sdk.binding import Binder\n"
        "def f(a, b: int = 2): return a + b\n"
        "binder = Binder(f); print(binder.call(binder.filled((1,), {})), 'inspect' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "3 False\n"
    )
