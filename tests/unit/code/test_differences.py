from __future__ import annotations

from collections.abc import Mapping

from penstock.code.differences import Change, differences
from tests.unit.code.memory import fingerprint


def between(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return [str(change) for change in differences(fingerprint(before).tree, fingerprint(after).tree)]


def test_the_nearest_to_the_step_comes_first():
    before = {
        "flow.py": "import a\nprint(1)\ndef train(x): return a.f(x)\n",
        "a.py": "import b\ndef f(x): return b.g(x)\ndef old(): pass\n",
        "b.py": "def g(x): return LIMIT\nLIMIT = 1\n",
    }
    after = {
        "flow.py": "import a\nprint(2)\ndef train(x): return a.f(x)\n",
        "a.py": "import b\ndef f(x): return b.g(x), new(x)\ndef new(x): return x\n",
        "b.py": "def g(x): return LIMIT\nLIMIT = 2\n",
    }
    assert between(before, after) == [
        "f() in a.py changed",
        "the top-level statements of flow.py changed",
        "new() in a.py is new",
        "LIMIT in b.py changed",
    ]
    assert between(after, before) == [
        "f() in a.py changed",
        "the top-level statements of flow.py changed",
        "LIMIT in b.py changed",
        "new() in a.py is gone",
    ]


def test_what_is_new_or_gone_and_of_every_kind():
    files = {
        "flow.py": "import a\ndef train(x): return a.f(x)\n",
        "a.py": "def f(x): return x\n",
    }
    more = {
        "flow.py": "import a\ndef train(x): return a.f(x)\n",
        "a.py": "print(1)\ndef f(x): return C, LIMIT, g\nLIMIT = 1\nclass C:\n    def run(self): pass\ndef g(): pass\n",
    }
    new = ["C in a.py", "LIMIT in a.py", "g() in a.py", "C.run() in a.py"]
    statements = "the top-level statements of a.py are"
    there, back = between(files, more), between(more, files)
    assert there == ["f() in a.py changed", f"{statements} new", *(f"{what} is new" for what in new)]
    assert back == ["f() in a.py changed", f"{statements} gone", *(f"{what} is gone" for what in new)]


def test_a_function_that_becomes_a_class_and_another_root():
    assert between({"flow.py": "def train(): pass"}, {"flow.py": "class train: pass"}) == ["train in flow.py changed"]
    tree, other = (fingerprint({"flow.py": "def a(): pass\ndef b(): pass\n"}, f"flow:{name}").tree for name in "ab")
    assert differences(tree, other) == [
        Change("flow:b", "b() in flow.py", "is new"),
        Change("flow:a", "a() in flow.py", "is gone"),
    ]
