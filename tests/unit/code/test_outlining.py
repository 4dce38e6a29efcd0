from __future__ import annotations

from penstock.code.outline import Outline, pack, unpack
from penstock.code.outlining import outline


def of(source: str) -> Outline:
    return outline(source.encode())


def test_a_sum_of_many_terms_is_read():
    found = of(f"def f(a, b):\n    return {' + '.join(['a'] * 1_500)} + LAST\nLAST = 1\n")
    assert found.names["f"][0].own == ("LAST",)
    assert of(f"X = {' + '.join(['LAST'] * 1_500)}\nLAST = 1\n").names["X"][0].own == ("LAST",)


def test_what_cant_be_read_counts_by_its_bytes():
    for source in ("def f(:", "x = 1\0", "x" + "[0]" * 5_000, "x = " + "(" * 500):
        found = of(source)
        assert (found.names, found.effects[0].unfollowed) == ({}, (("a source that can't be parsed", 1),))
        assert found.effects[0].digest != of(source + "#").effects[0].digest
        assert unpack(pack(found)) == found


def test_a_source_in_another_encoding():
    latin = "# -*- coding: latin-1 -*-\nX = 'caf\u00e9'\n"
    assert outline(latin.encode("latin-1")).names["X"][0].digest == of("X = 'caf\u00e9'\n").names["X"][0].digest
    assert of("\ufeffX = 1\n").names["X"][0].digest == of("X = 1\n").names["X"][0].digest


def test_lines_are_kept_and_are_part_of_no_digest():
    before, after = of("def f(): return eval(x)\n"), of("\n\n@g\n\ndef f(): return eval(x)\n".replace("@g\n", ""))
    assert (before.names["f"][0].line, after.names["f"][0].line) == (1, 4)
    assert after.names["f"][0].unfollowed == (("eval()", 4),)
    assert before.names["f"][0].digest == after.names["f"][0].digest


def test_what_a_module_writes_to_while_it_runs():
    found = of(
        "A = []\nB = {}\nC = D = E = F = G = H = I = 1\nA.append(1)\nB['x'] = 2\nimport other\nimport heapq as q\n"
        "def f(x, A):\n    A.append(x)\n    other.append(1)\n    B.setdefault('x', []).append(x)\n"
        "def g():\n    global C\n    C = 1\n    D.x = 1\n    del E[0]\n    setattr(F, 'x', 1)\n    next(G)\n"
        "class K:\n    def run(self):\n        H.drop(1, inplace=True)\n        f.add(1)\n        q.heappush(I, 2)\n"
    )
    assert found.changed == tuple("BCDEFGHI")


def test_what_can_be_computed():
    found = of(
        "A = 1 + 2\nB = f(1)\nC = x.y\nD = x[0]\nE: list[int] = 3\nF = [y for y in (1, 2)]\nG = A\n"
        "if sys.platform:\n    H = 1\nif A:\n    I = 1\ntry:\n    J = 1\nexcept E: pass\n"
    )
    assert {name for name, pieces in found.names.items() if pieces[0].computed} == set("BCDHIJ")


def test_how_far_a_source_tells_what_a_constant_is():
    found = of(
        "import os, re, sys\nfrom os import environ as env\nfrom other import OTHER\nfrom functools import partial\n"
        "A0 = re.compile('a')\nB0 = partial(f, max(1, 2))\nC0 = lambda x: f(x)\nD0 = type('D', (), {'x': 1})\n"
        "A1 = OTHER.rate\nB1 = A0.pattern\nC1 = 'a b'.split()\nD1 = [A0][0]\nE1 = sys.platform\n"
        "F1 = OTHER['a'].copy()\n"
        "A2 = f(1)\nB2 = env['a']\nC2 = max(1, key=f)\nD2 = lambda x=f(): x\nE2 = OTHER.load()\nF2 = sys.argv[1:]\n"
        "G2 = f'{env}'\nif os.environ.get('a'):\n    H2 = 1\nwith open('a') as I2: pass\n"
    )
    assert all(pieces[0].computed == int(name[1]) for name, pieces in found.names.items())
    assert len(found.names) == 19


def test_how_far_a_source_tells_what_a_definition_is():
    found = of(
        "import dataclasses, os\nfrom other import timed, Base\n"
        "def a0(x=1, y=max(1, 2)): return f(x)\nclass b0(Base.inner):\n    x: int = 1\n    def f(self): return g()\n"
        "@dataclasses.dataclass(frozen=True)\nclass c0:\n    x: list[int] = dataclasses.field(default_factory=list)\n"
        "class b1:\n    x = Base.rate\n@own\nclass c1: pass\ndef own(x): return x\n"
        "def a2(*, x=f()): pass\nclass b2:\n    x = os.environ['a']\nclass c2(f()): pass\n"
        "@own(os.environ['a'])\ndef d2(): pass\n@timed\ndef d1(): pass\n@timed\n@timed(f())\ndef e2(): pass\n"
    )
    levels = {name: pieces[0].computed for name, pieces in found.names.items() if name not in ("own", "b0.f")}
    assert levels == {name: int(name[1]) for name in levels}
    assert len(levels) == 11


def test_which_imports_may_fail():
    found = of(
        "try:\n    import a\nexcept (ImportError, OSError):\n    import b\ntry:\n    import c.d\n"
        "except Exception: pass\n"
        "try:\n    import not_e\n    f()\nexcept Exception: pass\ntry:\n    import not_f\nexcept OSError: pass\n"
        "def g():\n    if sys.platform == 'win32':\n        from h import i\n    from . import not_j\n"
        "with suppress(ModuleNotFoundError):\n    from . import k\n"
    )
    assert set(found.optional) == {(0, "a"), (0, "b"), (0, "c"), (0, "c.d"), (0, "h"), (1, "k")}
