"""Values that are computed as modules are imported: an edit of the world around counts, or is reported."""

from __future__ import annotations

import importlib
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.artifacts.canonical import identify
from penstock.code.differences import differences
from penstock.code.fingerprint import Fingerprint
from penstock.code.live import Live
from penstock.code.meanings import Value
from tests.unit.code.projects import ROOT, codebase, write

FILE = Path(__file__).parents[2] / "corpus" / "computed.txt"
HELPERS = {name: text for name, _, text in (case.partition("\n") for case in FILE.read_text().split("\n=== ")[1:])}
SCALED = """
import functools, os
def scaled(n):
    def decorate(fn):
        @functools.wraps(fn)
        def inner(*args):
            return fn(*args) * n
        return inner
    return decorate
"""


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Fingerprint]:
    """Imports a project in a world with another HK, and gives its step's fingerprint."""
    folder = tmp_path / "project"
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def of(helper: str, hk: str, flow: str = "import helper\ndef train(x): return helper.C\n") -> Fingerprint:
        write(folder, {"flow.py": flow, "helper.py": helper, "k.txt": f"a{hk}", "k.json": hk})
        monkeypatch.chdir(folder)
        monkeypatch.setenv("HK", hk)
        importlib.invalidate_caches()
        for name in ("flow", "helper"):
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))  # which is taken away in the end
            del sys.modules[name]
        importlib.import_module("flow")
        code = codebase(folder, lambda value: identify(value).digest)
        found = code.fingerprint([ROOT])
        code.save()
        again = codebase(folder, lambda value: identify(value).digest)
        assert again.fingerprint([ROOT]) == found, "what was kept says otherwise"
        return found

    return of


@pytest.mark.parametrize("helper", HELPERS.values(), ids=HELPERS)
def test_what_is_computed_counts_by_its_value(helper: str, imported: Callable[..., Fingerprint]):
    first, other, again = imported(helper, "1"), imported(helper, "2"), imported(helper, "2")
    assert differences(first.tree, other.tree) != []
    assert again == other
    assert first.tree.unfollowed == other.tree.unfollowed == ()


@pytest.mark.parametrize("helper", HELPERS.values(), ids=HELPERS)
def test_what_is_computed_in_a_module_that_is_not_loaded_is_reported(helper: str, imported: Callable[..., Fingerprint]):
    found = imported(helper, "1", "def train(x):\n    import helper\n    return helper.C\n")
    (site,) = found.tree.unfollowed
    assert site.endswith("is computed when helper is imported, which it is not here")


READS_BY_ITSELF = """
import os
def scaled(fn):
    rate = os.environ["HK"]
    def inner():
        return fn(), rate
    return inner

@scaled
def C():
    return 1
"""


def test_what_a_decorator_reads_by_itself_counts(imported: Callable[..., Fingerprint]):
    found = [imported(READS_BY_ITSELF, hk) for hk in ("1", "2")]
    assert [str(change) for change in differences(found[0].tree, found[1].tree)] == [
        "C() in helper.py holds other values"
    ]


STEP = """
import os
from penstock import step

@step
def train(x, k=os.environ["HK"]):
    return k
"""
DECORATED_STEP = f"""{SCALED}
from penstock import step

@step(cpu=1)
@scaled(os.environ["HK"])
def train(x):
    return x
"""


@pytest.mark.parametrize("flow", [STEP, DECORATED_STEP], ids=["a default", "a decorator"])
def test_what_the_step_itself_holds_counts(flow: str, imported: Callable[..., Fingerprint]):
    found = [imported("", hk, flow) for hk in ("1", "2")]
    assert [str(change) for change in differences(found[0].tree, found[1].tree)] == [
        "train() in flow.py holds other values"
    ]


def test_a_docstring_of_what_is_computed_does_not_count(imported: Callable[..., Fingerprint]):
    helper = SCALED + '@scaled(os.environ["HK"])\ndef C():\n    return 1\n'
    documented = helper.replace("def C():\n", 'def C():\n    """One."""\n').replace("def inner", "\n        def inner")
    assert imported(helper, "1").digest == imported(documented, "1").digest


def test_what_cant_be_seen_of_a_live_value_is_reported(imported: Callable[..., Fingerprint]):
    cache = "import functools\n@functools.cache\ndef C(): return 1\n"
    assert imported(cache, "1").tree.unfollowed == ()
    assert imported(cache + "C()\n", "1").tree.unfollowed == (
        "helper.py:2: C is a cache that was filled before, and what it holds can't be seen",
    )
    memo = (
        "def memo(fn):\n    seen = {}\n    def inner(x):\n        if x not in seen:\n            seen[x] = fn(x)\n"
        "        return seen[x]\n    return inner\n@memo\ndef C(x): return x\n"
    )
    first, other = imported(memo, "1"), imported(memo + "C(2)\n", "1")
    assert first.tree.unfollowed == ("helper.py:8: C holds `seen`, which is changed while the code runs",)
    assert [str(change) for change in differences(first.tree, other.tree)] == [
        "the top-level statements of helper.py are new"
    ]
    assert imported("import os\nE = os.environ\ndef C(): return E['HK']\n", "1").tree.unfollowed == (
        "helper.py:2: the value of E has no stable form",
    )


def test_what_is_settled_is_not_asked(imported: Callable[..., Fingerprint], monkeypatch: pytest.MonkeyPatch):
    def refuse(*args: Any) -> Value:
        raise AssertionError(args)

    monkeypatch.setattr(Live, "value", refuse)
    helper = (
        "import functools, logging, re, threading\nfrom dataclasses import dataclass, field\n"
        "LOG = logging.getLogger(__name__)\nA = re.compile('a')\nLOCK = threading.Lock()\n"
        "@dataclass(frozen=True)\nclass D:\n    a: list[int] = field(default_factory=list)\n    b: int = max(1, 2)\n"
        "    @property\n    def c(self): return A.match('a')\n    @c.setter\n    def c(self, value): LOG.info(value)\n"
        "@functools.singledispatch\ndef C(x, y=1, z=(1, 2)): return D, LOCK, open(x)\n"
    )
    assert imported(helper, "1").tree.unfollowed == ()


# By hand


def live(value: Any) -> Value:
    made = Live(lambda part: b"" if isinstance(part, Odd) else repr(part).encode())
    return made.value({"X": value, "__name__": "module"}, "module", "X", False, ())


class Odd:
    """Has no stable form."""


class Broken:
    """A proxy of nothing."""

    @property
    def __class__(self) -> Any:
        raise RuntimeError("outside of a request")

    __call__ = None


def test_locks_and_the_like_count_by_their_class():
    assert live(threading.Lock()) == live(threading.Lock())
    assert live(threading.Lock()).is_stable
    assert live(threading.Lock()) != live(threading.Event())


def test_what_has_no_stable_form_or_fails_is_none():
    assert not live(Odd()).is_stable
    assert not live(lambda x=Odd(): x).is_stable  # noqa: B008
    assert live(Broken()) == Value(b"", is_stable=False)


def test_a_function_that_holds_itself():
    def made() -> Any:
        def inner(n: int) -> Any:
            return inner, n

        return inner

    assert live(made()) == live(made())
