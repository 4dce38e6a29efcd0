"""Random numbers of attempts: every generator that a process keeps has a stream of its own in each."""

from __future__ import annotations

import importlib
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model.specs import Attempt, Function
from penstock.worker.chance import Chance
from penstock.worker.hooks import ImportHooks

A, B = b"a" * 33, b"b" * 33
ZOO = """
import collections, functools, random
from random import Random

DICE = random.Random(7)
choose = random.Random(7).random

class Loaded(random.Random):
    pass

class Model:
    shared = random.Random(7)
    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.parts = {"inner": [random.Random(seed)]}

class Slotted:
    __slots__ = ("dice",)
    def __init__(self):
        self.dice = random.Random(7)

Pair = collections.namedtuple("Pair", "left right")

def closing():
    dice = random.Random(7)
    return lambda: dice.random()

def default(dice=random.Random(7), *, other=random.Random(7)):
    return dice.random(), other.random()

def stream():
    dice = random.Random(7)
    while True:
        yield dice.random()

@functools.lru_cache(maxsize=None)
def cached(name):
    return random.Random(7)

cached("one")
MODEL, SLOTTED, LOADED, PAIR = Model(7), Slotted(), Loaded(7), Pair(Random(7), Random(7))
CLOSED, STREAM = closing(), stream()
PARTIAL = functools.partial(random.Random.random, random.Random(7))
QUEUE, TABLE = collections.deque([random.Random(7)]), {"deep": ({"er": random.Random(7)},)}
default.attribute = random.Random(7)
next(STREAM)

PLACES = {
    "global": lambda: DICE.random(), "bound method": lambda: choose(), "subclass": lambda: LOADED.random(),
    "attribute": lambda: MODEL.dice.random(), "in parts": lambda: MODEL.parts["inner"][0].random(),
    "class": lambda: Model.shared.random(), "slot": lambda: SLOTTED.dice.random(),
    "tuple": lambda: PAIR.left.random(), "tuple's other": lambda: PAIR.right.random(),
    "closure": lambda: CLOSED(), "default": lambda: default()[0], "keyword's default": lambda: default()[1],
    "stream": lambda: next(STREAM), "cache": lambda: cached("one").random(), "partial": lambda: PARTIAL(),
    "deque": lambda: QUEUE[0].random(), "dict": lambda: TABLE["deep"][0]["er"].random(),
    "function's attribute": lambda: default.attribute.random(), "random": lambda: random.random(),
}
"""
NUMPY_ZOO = """
import numpy as np

RNG, SAME = np.random.default_rng(7), np.random.default_rng(7)
OLD, OTHER = np.random.RandomState(7), np.random.RandomState(np.random.PCG64(7))
COUNTER = np.random.Generator(np.random.Philox(7))
BITS, SEEDS = np.random.SFC64(7), np.random.SeedSequence(7)
choice = np.random.default_rng(7).random
LIST = [np.random.Generator(np.random.MT19937(7))]

PLACES = {
    "generator": lambda: RNG.random(), "its twin": lambda: SAME.random(), "old": lambda: OLD.random_sample(),
    "old on new bits": lambda: OTHER.random_sample(), "philox": lambda: COUNTER.random(),
    "bits": lambda: int(BITS.random_raw()), "seeds": lambda: int(SEEDS.spawn(1)[0].generate_state(1)[0]),
    "spawned": lambda: RNG.spawn(1)[0].random(), "bound method": lambda: choice(), "list": lambda: LIST[0].random(),
    "numpy": lambda: np.random.random(),
}
"""
TORCH_ZOO = """
import torch

ALONE, LIST = torch.Generator(), [torch.Generator()]

PLACES = {
    "generator": lambda: torch.rand(1, generator=ALONE).item(), "list": lambda: torch.rand(1, generator=LIST[0]).item(),
    "torch": lambda: torch.rand(1).item(),
}
"""


def attempt(key: bytes = A, failures: int = 0, number: int = 1) -> Attempt:
    return Attempt(f"digits/1/train/1#{number}", key, Function("m", "f"), (), None, False, failures=failures)


def in_flow(seed: str = "") -> Chance:
    return Chance(ImportHooks(), seed, sweeps=False)


Make = Callable[..., Any]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A module of the project, imported."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    made: list[str] = []

    def write(text: str, name: str = "zoo_of_chance") -> Any:
        (folder / f"{name}.py").write_text(text)
        made.append(name)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    yield write
    for name in made:
        del sys.modules[name]


def drawn(module: Any) -> dict[str, Any]:
    return {place: draw() for place, draw in module.PLACES.items()}


@pytest.mark.parametrize("zoo", ["ZOO", "NUMPY_ZOO", "TORCH_ZOO"])
def test_every_generator_of_a_module_has_its_own_stream(make: Make, zoo: str, require: Callable[[str], None]) -> None:
    if zoo != "ZOO":
        require(zoo.partition("_")[0].lower())
    module, chance = make(globals()[zoo]), in_flow()
    tries = [attempt(A), attempt(B), attempt(A, 1), attempt(A, number=2)]
    values = []
    for each in tries:
        chance.begin(each)
        values.append(drawn(module))
    assert values[3] == values[0], "what runs again without its own doing draws the same"
    for place in module.PLACES:
        assert len({each[place] for each in values[:3]}) == 3, place
    first = list(values[0].values())
    assert len(set(first)) == len(first), "no two have the same stream"


def test_two_libraries_of_one_kind_are_not_seeded_alike(require: Callable[[str], None]) -> None:
    require("numpy")
    import numpy as np

    for key in (A, B):
        in_flow().begin(attempt(key))
        ours, numpys = [random.random() for _ in range(2000)], np.random.random(2000)
        assert abs(np.corrcoef(ours, numpys)[0, 1]) < 0.12
        assert set(random.getstate()[1]).isdisjoint(np.random.get_state()[1].tolist())  # type: ignore[union-attr]


def test_the_seed_of_a_run_counts() -> None:
    def first(seed: str) -> float:
        in_flow(seed).begin(attempt())
        return random.random()

    assert len({first(""), first("0"), first("1"), first("10")}) == 4
    assert first("7") == first("7")


@settings(max_examples=25)  # each beginning looks through all that is loaded
@given(st.lists(st.tuples(st.binary(min_size=33, max_size=33), st.integers(0, 5)), unique=True, max_size=6))
def test_no_two_attempts_draw_the_same(tries: list[tuple[bytes, int]]) -> None:
    chance, values = in_flow(), []
    for key, failures in tries:
        chance.begin(attempt(key, failures))
        values.append(random.random())
    assert len(set(values)) == len(values)


LEFT = {
    "a name": ("DICE = None", "module.DICE = random.Random(7)", "module.DICE"),
    "a new name": ("", "module.DICE = random.Random(7)", "module.DICE"),
    "another": ("import random; DICE = random.Random()", "module.DICE = random.Random(7)", "module.DICE"),
    "an entry": ("KEPT = {'dice': None}", "module.KEPT['dice'] = random.Random(7)", "module.KEPT['dice']"),
    "an attribute": ("class Kept: pass", "module.Kept.dice = random.Random(7)", "module.Kept.dice"),
    "a cache": (
        "import functools, random\n@functools.cache\ndef dice(): return random.Random(7)",
        "module.dice()",
        "module.dice()",
    ),
    "numpy's": ("RNG = None", "module.RNG = np.random.default_rng(7)", "module.RNG"),
    "numpy's in an entry": ("KEPT = {}", "module.KEPT[1] = [np.random.default_rng(7)]", "module.KEPT[1][0]"),
}


@pytest.mark.parametrize("place", LEFT)
def test_what_an_attempt_leaves_is_seeded_for_the_next(make: Make, place: str, require: Callable[[str], None]) -> None:
    require("numpy")
    import numpy as np

    text, leave, find = LEFT[place]
    names = {"module": make(text), "random": random, "np": np}
    chance, values = in_flow(), []
    chance.begin(attempt(b"0" * 33))
    exec(leave, names)
    for key in (A, B, A):
        chance.begin(attempt(key))
        values.append(eval(find, names).random())
    assert values[0] == values[2] != values[1]


LOOKS = """
import random, sys
sys.path[:0] = [sys.argv[1]]
import numpy.random, zoo
from penstock.model.specs import Attempt, Function
from penstock.worker.chance import Chance
from penstock.worker.hooks import ImportHooks

chance, looks = Chance(ImportHooks(), "", sweeps=True), []
look = chance._search.look
chance._search.look = lambda: (looks.append(1), look())
for _ in range(100):
    chance.begin(Attempt("a/1/b/1#1", b"a" * 33, Function("m", "f"), (), None, False))
    random.Random(7).random(), numpy.random.default_rng(7).random()  # they are gone again
print(len(looks))
"""


def test_a_look_is_taken_where_there_is_news_alone(tmp_path: Path, require: Callable[[str], None]) -> None:
    require("numpy")
    (tmp_path / "zoo.py").write_text(ZOO)
    command = [sys.executable, "-c", LOOKS, str(tmp_path)]
    looks = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert looks <= 1  # what numpy imports when it is first used


def test_a_function_that_came_as_a_value_brings_its_generators() -> None:
    names: dict[str, Any] = {"random": random, "__name__": "__main__"}
    exec("DICE = random.Random(7)\ndef helper(): return DICE.random()\ndef draw(): return helper()", names)
    chance = in_flow()
    chance.begin(attempt(A))
    chance.take_in(names["draw"])
    first = names["draw"]()
    for key in (B, A):
        chance.begin(attempt(key))
        last = names["draw"]()
        assert (last == first) is (key == A)


VARIABLES = """
import contextvars, random
SET, DEFAULT = contextvars.ContextVar("set"), contextvars.ContextVar("default", default=random.Random(7))
SET.set(random.Random(7))
"""


def test_generators_in_context_variables_are_found(make: Make) -> None:
    module, chance, drawn = make(VARIABLES), in_flow(), []
    for key in (A, B, A):
        chance.begin(attempt(key))
        drawn.append((module.SET.get().random(), module.DEFAULT.get().random()))
    assert drawn[0] == drawn[2]
    assert len({number for pair in drawn for number in pair}) == 4


def test_what_an_attempt_leaves_in_a_module_is_told_once(make: Make) -> None:
    module, chance = make("import random\nDICE, LAZY, CACHE = random.Random(7), None, {}\n"), in_flow()
    told: list[list[str]] = []
    for number in range(3):
        chance.begin(attempt(A))
        random.Random(7).random()
        module.DICE = random.Random(7)  # its place was known
        module.CACHE[number] = random.Random(7)
        told.append([note.partition(" ")[0] for note in chance.end()])
    assert told == [["zoo_of_chance:CACHE"], [], []]


def test_the_system_s_generator_and_python_s_own_names_are_left_alone(make: Make) -> None:
    import tempfile

    module, chance = make("import random; SYSTEM = random.SystemRandom()"), in_flow()
    names: Any = tempfile._get_candidate_names()
    drawn = []
    for _ in range(2):
        chance.begin(attempt())
        drawn.append((module.SYSTEM.random(), next(names)))
    assert drawn[0][0] != drawn[1][0]
    assert drawn[0][1] != drawn[1][1]


STUBBORN = """
import random

class Stubborn(random.Random):
    def seed(self, *given):
        if given and given[0] is not None:
            raise NotImplementedError("ask nobody")

DICE, STUBBORN, LAST = random.Random(), Stubborn(), random.Random()
"""


def test_what_can_not_be_seeded_is_told_once(make: Make) -> None:
    module, chance = make(STUBBORN), in_flow()
    values, told = [], []
    for key in (A, B, A):
        chance.begin(attempt(key))
        values.append((module.DICE.random(), module.LAST.random()))
        told += chance.told()
    assert values[0] == values[2] != values[1]
    (told,) = told
    assert told == (
        "zoo_of_chance:STUBBORN is a zoo_of_chance.Stubborn, which can't be seeded for each attempt "
        "(NotImplementedError: ask nobody), so that tasks may draw the same numbers: make it in the step"
    )


def test_a_library_that_draws_from_elsewhere_is_told(make: Make) -> None:
    make("", "cupy")
    (told,) = in_flow().told()
    assert told == (
        "cupy draws random numbers from where they can't be seeded for each attempt: call "
        "cupy.random.seed(random.getrandbits(31)) in the step"
    )


@pytest.mark.parametrize("zoo", ["ZOO", "NUMPY_ZOO", "TORCH_ZOO"])
def test_the_flow_s_own_process_goes_on_as_before(make: Make, zoo: str, require: Callable[[str], None]) -> None:
    if zoo != "ZOO":
        require(zoo.partition("_")[0].lower())
    module = make(globals()[zoo])
    chance, before = in_flow(), list(sys.meta_path)
    chance.begin(attempt(B))  # a state to come back to
    drawn(module)
    with chance.away(attempt(B)):
        pass
    chance.begin(attempt(B))
    drawn(module)
    expected = drawn(module)
    chance.begin(attempt(B))
    drawn(module)
    with chance.away(attempt(A)):
        inside = drawn(module)
        assert sys.meta_path != before
    assert sys.meta_path == before
    assert drawn(module) == expected
    with chance.away(attempt(A)):
        assert drawn(module) == inside


SWEPT = """
import random, sys
sys.path[:0] = [sys.argv[1]]
import library
from penstock.model.specs import Attempt, Function
from penstock.worker.chance import Chance
from penstock.worker.hooks import ImportHooks

chance = Chance(ImportHooks(), "", sweeps=True)
for key in (b"a" * 33, b"b" * 33, b"a" * 33):
    chance.begin(Attempt("a/1/b/1#1", key, Function("m", "f"), (), None, False))
    print(library.draw(), library.shallow.random())
"""
LIBRARY = """
import random

class _Hidden:
    class Deeper:
        dice = random.Random(7)

shallow = random.Random(7)
def draw():
    return _Hidden.Deeper.dice.random()
"""


def test_a_library_s_generators_are_found_too(tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "site-packages"
    folder.mkdir(parents=True)
    (folder / "library.py").write_text(LIBRARY)
    command = [sys.executable, "-c", SWEPT, str(folder)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines[0] == lines[2] != lines[1]
    hidden, shallow = lines[0].split()
    assert hidden != shallow
