"""Attempts and values in interpreters that are not the flow's, with other packages than it has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from penstock.artifacts import codec
from penstock.artifacts.folder import FolderStore
from penstock.environments import uv
from penstock.environments.kits import unpack_kit
from penstock.errors import UserCodeError
from penstock.model import wire
from penstock.model.outcomes import Outcome, Unread, from_plain
from penstock.model.specs import Attempt, Function, Places, Resolved, RunSpec, attempts_to_plain
from penstock.model.states import TaskStatus
from penstock.sdk import rebuilt_errors
from tests import uv_settings
from tests.system import crossing
from tests.unit.worker.absent_package import USES, WHILE_IMPORTED

CROSSING = Path(crossing.__file__)
WORKER = """
import sys
from penstock.model import outcomes, specs, wire
from penstock.worker import boot
from penstock.worker.attempt import run_attempt
parcel = sys.argv[1]
with open(parcel, "rb") as file:
    setup, attempts = wire.unpack(file.read())
ready = boot.boot(*boot.setup_from_plain(setup))
found = [outcomes.to_plain(run_attempt(attempt, ready.bench)) for attempt in specs.attempts_from_plain(attempts)]
with open(parcel, "wb") as file:
    file.write(wire.pack(found))
"""
OLD = ("python3.9", "numpy==1.26.4", "pandas==2.2.3")
NEW = ("python3.13", "numpy>=2.2,<3", "pandas>=3,<4")
TABLES = (
    ("python3.9", "polars==1.9.0", "pyarrow==15.0.2", "scipy==1.11.4", "scikit-learn==1.3.2", "numpy==1.26.4"),
    ("python3.13", "polars>=2", "pyarrow>=22", "scipy>=1.17", "scikit-learn>=1.8", "numpy>=2.2"),
)
FLOW = ("",)


class Foreign:
    """Interpreters with what they need, each made once."""

    def __init__(self, interpreter: Callable[[str], Path], folder: Path) -> None:
        self._interpreter = interpreter
        self._folder = folder
        self._made: dict[tuple[str, ...], Path] = {}
        self._written: dict[tuple[tuple[str, ...], str], Path] = {}
        self.kit = unpack_kit(folder)

    def python(self, wanted: tuple[str, ...]) -> Path:
        """`("python3.9", "numpy==1.26.4")`: an interpreter with packages; `FLOW`: this one."""
        if wanted == FLOW:
            return Path(sys.executable)
        name, *packages = wanted
        if wanted not in self._made:
            self._made[wanted] = self._environment(self._interpreter(name), packages) if packages else None
        return self._made[wanted] or self._interpreter(name)

    def _environment(self, interpreter: Path, packages: list[str]) -> Path:
        folder = self._folder / f"environment-{len(self._made)}"
        environ = {**os.environ, **uv_settings.of_pip()}
        python = folder / "bin" / "python"
        for arguments in (["venv", "-q", "-p", str(interpreter), str(folder)], ["pip", "install", "-q", *packages]):
            target = ["-p", str(python)] if arguments[0] == "pip" else []
            done = subprocess.run(
                [uv.find(), *arguments, *target], env=environ, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
        return python

    def written(self, writer: tuple[str, ...], group: str) -> Path:
        """A folder with a store of the values of a group and their records, which an interpreter has written."""
        if (writer, group) not in self._written:
            folder = self._folder / f"values-{len(self._written)}"
            (folder / "records").mkdir(parents=True, exist_ok=True)
            self.run(writer, str(CROSSING), "write", str(folder / "store"), str(folder / "records"), group)
            assert len(list((folder / "records").iterdir())) >= (3 if group == "sklearn" else 10)
            self._written[writer, group] = folder
        return self._written[writer, group]

    def run(self, wanted: tuple[str, ...], *arguments: str, path: Path | None = None) -> str:
        """Run a program there, with the kit on its path; its stdout. `path`: also a folder whose modules are edited."""
        paths = [str(self.kit)] if wanted != FLOW else []
        paths += [str(path)] if path else []
        unwritten = "1" if path else ""  # what has been compiled of libraries serves the next
        variables = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": unwritten, "PYTHONUTF8": "1"}
        environ = {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **variables}
        command = [str(self.python(wanted)), *arguments]
        done = subprocess.run(command, env=environ, capture_output=True, encoding="utf-8", timeout=300, check=False)
        assert done.returncode == 0, f"{command} exited with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def foreign(interpreter: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Foreign:
    return Foreign(interpreter, tmp_path_factory.mktemp("foreign"))


CROSSINGS = [
    *((one, other, "plain") for one, other in ((FLOW, ("python3.9",)), (FLOW, ("python3.13",)), (FLOW, ("pypy3",)))),
    (("python3.13",), ("python3.9",), "plain"),
    (("python3.13",), ("pypy3",), "plain"),
    *((one, other, group) for group in ("numpy", "pandas") for one, other in ((FLOW, OLD), (FLOW, NEW), (OLD, NEW))),
    *((*TABLES, group) for group in ("polars", "pyarrow", "scipy", "sklearn")),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("writer", "reader", "group"), [*CROSSINGS, *((reader, writer, group) for writer, reader, group in CROSSINGS)]
)
def test_values_cross(
    foreign: Foreign,
    require: Callable[[str], None],
    writer: tuple[str, ...],
    reader: tuple[str, ...],
    group: str,
):
    if FLOW in (writer, reader) and group != "plain":
        require(group)
    folder = foreign.written(writer, group)
    assert foreign.run(reader, str(CROSSING), "read", str(folder / "store"), str(folder / "records"), group) == ""


class Bench:
    """A project with a module, and a worker for it in another interpreter."""

    def __init__(self, foreign: Foreign, folder: Path) -> None:
        self._foreign = foreign
        self.folder = folder
        self.store = FolderStore(folder / "store")
        self.spec = RunSpec("main/1", module="steps", kit=foreign.kit.stem.removeprefix("kit-"))
        self.places = Places(str(self.store.root), *(str(folder),) * 4, module_path=str(folder / "steps.py"))

    def run(self, wanted: tuple[str, ...], text: str, step: str | bytes, *args: Any, verify: bool = False) -> Outcome:
        """How an attempt of a step ends there; `step` is its name, or the record of a function by value."""
        (self.folder / "steps.py").write_text(text)
        code = Function("steps", step) if isinstance(step, str) else Function("steps", "step", step)
        inputs = [Resolved(f"x{at}", codec.encode(arg, self.store).stored.record) for at, arg in enumerate(args)]
        attempt = Attempt("main/1/step/1#1", b"k" * 33, code, tuple(inputs), None, verify)
        parcel = self.folder / "parcel"
        parcel.write_bytes(wire.pack(((tuple(self.spec), tuple(self.places)), attempts_to_plain([attempt]))))
        self._foreign.run(wanted, "-c", WORKER, str(parcel), path=self.folder)
        return from_plain(wire.unpack(parcel.read_bytes())[0])

    def value(self, outcome: Outcome) -> Any:
        assert outcome.status == TaskStatus.DONE.value, outcome.error
        assert outcome.result is not None
        return codec.decode(outcome.result.record, self.store, verify=True)

    def fails(self, wanted: tuple[str, ...], text: str, step: str, *args: Any) -> str:
        """The message of what is raised in the flow."""
        return str(self.error(self.run(wanted, text, step, *args)))

    def error(self, outcome: Outcome) -> BaseException:
        """What is raised in the flow."""
        assert outcome.error is not None
        return rebuilt_errors.rebuild(outcome.error, "main/1/step/1", self.store)


@pytest.fixture
def bench(foreign: Foreign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    (tmp_path / "crossing.py").write_bytes(CROSSING.read_bytes())
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "steps", raising=False)
    monkeypatch.delitem(sys.modules, "crossing", raising=False)
    return Bench(foreign, tmp_path)


@pytest.mark.slow
def test_texts_of_numpy_2_are_named_where_numpy_is_older(bench: Bench, require: Callable[[str], None]):
    require("numpy")
    import numpy as np

    texts = np.array(["a", "b"], dtype=np.dtypes.StringDType())
    outcome = bench.run(OLD, "def step(x0): return x0\n", "step", [texts])
    assert "the input x0 of main/1/step/1 can't be read in this environment, Python 3.9" in outcome.error.traceback
    assert "it needs numpy._core._internal._convert_to_stringdtype_kwargs, which numpy 1.26.4 does not have. Ins" in (
        outcome.error.traceback
    )
    assert Unread(*outcome.error.unread).modules == ("numpy._core._internal",)


BARE = [("python3.9",), ("python3.13",), ("pypy3",)]
USING = "".join(f"\ndef use_{number}():\n    {USES[what]}\n" for number, what in enumerate(USES))
STEPS = f"""{WHILE_IMPORTED}{USING}
from penstock import runs, step

try:
    import numpy as np
except ImportError:
    np = None


@step
def clean(x0):
    import sys

    return [works_without(), x0, np, "%d.%d" % sys.version_info[:2]]


@step
def all_uses():
    said = []
    for number in range({len(USES)}):
        try:
            globals()[f"use_{{number}}"]()
        except ModuleNotFoundError as error:
            said.append(str(error))
    return said


@step
@absent.compile
def fast_step(x0):
    return x0


@step
def late(x0):
    import absent


@step
def history(x0):
    return list(runs())


@step
def leak(x0):
    return {{"device": [DEVICE]}}
"""


@pytest.mark.parametrize("wanted", BARE, ids=" ".join)
def test_a_step_that_uses_no_missing_package_runs(bench: Bench, wanted: tuple[str, ...]):
    version = "3.9" if wanted == ("pypy3",) else wanted[0].removeprefix("python")
    done = bench.value(bench.run(wanted, STEPS, "clean", "abc"))
    assert done == [(9, [1, 1], ["a"], "cpu", "Config", []), "abc", None, version]
    said = bench.value(bench.run(wanted, STEPS, "all_uses"))
    assert len(said) == len(USES)
    for text in said:
        assert "is not installed in the environment of this step, Python 3." in text
        assert " of steps.py" in text
        assert "Add it with @step(packages=[...]), or import it inside the functions that use it" in text
    assert bench.fails(wanted, STEPS, "fast_step", 1).startswith(
        "absent is not installed in the environment of this st"
    )
    assert bench.fails(wanted, STEPS, "late", 1) == "No module named 'absent'"
    assert bench.fails(wanted, STEPS, "history", 1).startswith("penstock.runs is not there in the environment of this")
    stored = bench.fails(wanted, STEPS, "leak", 1)
    assert stored.startswith("result['device'][0] is a ")
    assert "absent is not installed in the environment of this step" in stored


@pytest.mark.parametrize("wanted", BARE, ids=" ".join)
def test_an_input_that_needs_a_missing_package_is_named(bench: Bench, wanted: tuple[str, ...], require: Any):
    require("numpy")
    import numpy as np

    outcome = bench.run(wanted, "def step(x0, x1): return x1\n", "step", 1, {"a": np.arange(3)})
    error = bench.error(outcome)
    assert isinstance(error, ModuleNotFoundError)
    text = outcome.error.traceback
    assert "No module named 'numpy'" in text
    assert "the input x1 of main/1/step/1 can't be read in this environment, Python 3." in text
    assert "it needs numpy, which is not installed here. Install it in the environment of the step, @step(pack" in text
    assert Unread(*outcome.error.unread) == Unread("x1", -1, ("numpy",))


@pytest.mark.parametrize("wanted", BARE, ids=" ".join)
def test_a_class_that_another_version_lacks_is_named(bench: Bench, wanted: tuple[str, ...], monkeypatch: Any):
    kind = type("Square", (), {"__module__": "shapes"})
    monkeypatch.setitem(sys.modules, "shapes", SimpleNamespace(Square=kind))
    (bench.folder / "shapes.py").write_text("class Circle: pass\n")
    outcome = bench.run(wanted, "def step(x0): return x0\n", "step", kind())
    assert outcome.error.type == "AttributeError"
    assert "it needs shapes.Square, which is not here. Install the version that wrote it in" in outcome.error.traceback


@pytest.mark.parametrize("wanted", BARE, ids=" ".join)
def test_exceptions_arrive_as_themselves_where_the_flow_has_their_class(bench: Bench, wanted: tuple[str, ...]):
    text = "import crossing\ndef step():\n    raise crossing._refused()\n"
    error = bench.error(bench.run(wanted, text, "step"))
    assert (type(error).__name__, str(error), error.code, error.hint) == ("Refused", "refused: 7", 7, "later")
    assert "raise crossing._refused()" in str(error.__cause__)
    (bench.folder / "only_there.py").write_text("class Odd(Exception):\n    pass\n")
    outcome = bench.run(wanted, "def step():\n    import only_there\n    raise only_there.Odd('so odd')\n", "step")
    (bench.folder / "only_there.py").unlink()
    error = bench.error(outcome)
    assert type(error) is UserCodeError
    assert str(error) == "main/1/step/1: only_there.Odd: so odd"
    assert "raise only_there.Odd('so odd')" in str(error.__cause__)


@pytest.mark.parametrize("wanted", BARE, ids=" ".join)
def test_an_interpreter_without_blake3_shares_the_store(bench: Bench, wanted: tuple[str, ...]):
    given = bytes(range(256)) * 1000
    outcome = bench.run(wanted, "def step(x0): return bytearray(x0) + b'more'\n", "step", given, verify=True)
    assert bench.value(outcome) == given + b"more"
    assert outcome.result.digest[:1] == b"\2"
    prefixes = {path.name[:2] for path in Path(bench.store.root).glob("??/*")}
    assert prefixes == {"b3", "s2"}
    assert {info.digest[:1] for info in bench.store.list()} == {b"\1", b"\2"}
    again = bench.run(wanted, "def step(x0): return len(x0)\n", "step", bench.value(outcome), verify=True)
    assert bench.value(again) == len(given) + 4


@pytest.mark.parametrize("wanted", [("python3.9",), ("python3.10",), ("python3.12",), ("python3.13",), ("pypy3",)])
def test_a_function_by_value_is_refused_by_another_python(bench: Bench, wanted: tuple[str, ...]):
    def step() -> int:
        return 3

    outcome = bench.run(wanted, "", codec.encode(step, bench.store).stored.record)
    here = f"cpython 3.{sys.version_info.minor}"
    assert outcome.error.type == "TypeError"
    assert f"is code for {here} and can't run in" in outcome.error.message
    assert "write it in a module" in outcome.error.message
