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
    assert {name for name, pieces in found.names.items() if pieces[0].computed} == set("BCDHJ")
