"""A package that is missing where a step runs: the user's modules can be imported, and a use of it says so."""

from __future__ import annotations

import builtins
import importlib
import itertools
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from penstock.artifacts import codec
from penstock.artifacts.folder import FolderStore
from penstock.errors import NotStorableError
from penstock.worker import missing, placeholders
from tests.unit.worker.absent_package import USES, WHILE_IMPORTED

Load = Callable[..., ModuleType]
_numbers = itertools.count()


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """`load(text, other=...)`: imports a module of the user's, which may import the other ones by their names."""
    monkeypatch.setattr(builtins, "__import__", builtins.__import__)  # put back at the end
    monkeypatch.setattr(importlib, "import_module", importlib.import_module)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    explain = missing.install()

    def load_text(text: str, **others: str) -> ModuleType:
        name = f"user_module_{next(_numbers)}"
        for other, content in {name: text, **others}.items():
            (tmp_path / f"{other}.py").write_text(content)
            monkeypatch.delitem(sys.modules, other, raising=False)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    load_text.explain = explain  # type: ignore[attr-defined]
    return load_text


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Installs a library of one module."""
    folder = tmp_path / "lib" / "site-packages"
    folder.mkdir(parents=True)
    monkeypatch.syspath_prepend(folder)

    def install(name: str, text: str) -> None:
        (folder / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
        importlib.invalidate_caches()

    return install


IMPORTS = {
    "plain": "import absent\nvalue = absent",
    "submodule": "import absent.nn\nvalue = absent.nn",
    "renamed": "import absent.nn as nn\nvalue = nn",
    "from": "from absent import nn\nvalue = nn",
    "from a submodule": "from absent.nn.utils import clip as value",
    "everything": "from absent import *\ndef use():\n    return value\n",
    "by a function": "import importlib\nvalue = importlib.import_module('absent')",
    "in a class": "class Lazy:\n    import absent\nvalue = Lazy.absent",
    "in a function that the module calls": "def pick():\n    import absent\n    return absent\nvalue = pick()",
}


@pytest.mark.parametrize("how", IMPORTS)
def test_an_import_gives_a_placeholder_whose_use_says_what_to_do(load: Load, how: str):
    module = load(IMPORTS[how])
    with pytest.raises(ModuleNotFoundError) as raised:
        module.value.anything()
    assert raised.value.name == "absent"
    package = str(raised.value).split()[0]
    assert package in ("absent", "absent.nn", "absent.nn.utils")
    version = ".".join(map(str, sys.version_info[:3]))
    line = 2 if how.startswith(("in a", "by a")) else 1
    assert str(raised.value) == (
        f"{package} is not installed in the environment of this step, Python {version} at {sys.executable}; it is "
        f"imported by line {line} of {module.__name__}.py. Add it with @step(packages=[...]), or import it inside the "
        "functions that use it"
    )


def test_a_module_can_do_most_things_while_it_is_imported(load: Load, capsys: pytest.CaptureFixture[str]):
    module = load(WHILE_IMPORTED)
    assert module.works_without() == (9, [1, 1], ["a"], "cpu", "Config", [])
    assert (module.SAME, module.IS) == (True, False)
    assert module.fast.__doc__ == "Twice."
    at = WHILE_IMPORTED.split("\n").index('WHERE = "cuda" if absent.cuda.is_available() else "cpu"') + 1
    said = capsys.readouterr().err
    assert f"line {at} of {module.__file__} takes absent.cuda.is_available() for False" in said


@pytest.mark.parametrize("what", USES)
def test_a_use_at_run_time_fails_clearly(load: Load, what: str):
    module = load(f"{WHILE_IMPORTED}\ndef use():\n    {USES[what]}\n")
    with pytest.raises(ModuleNotFoundError, match=r"^absent(\.nn|\.data)? is not installed in the environment of this"):
        module.use()


@pytest.mark.parametrize("text", ["list(absent.names())", "int(absent.count())", "open(absent.path())", "{**absent.x}"])
def test_what_needs_a_real_value_fails_already_at_the_import(load: Load, text: str):
    with pytest.raises(ModuleNotFoundError, match=r"line 1 of .*, and a real value is wanted in the place of absent\."):
        load(f"import absent\nVALUE = {text}\n")


GUARDS = {
    "ImportError": "try:\n    import absent\nexcept ImportError:\n    absent = None",
    "the narrowest": "try:\n    from absent import a\nexcept ModuleNotFoundError as error:\n    absent = None",
    "Exception": "try:\n    import absent\nexcept Exception:\n    absent = None",
    "all": "try:\n    import absent\nexcept:\n    absent = None",
    "one of several": "try:\n    import absent\nexcept (KeyError, ImportError):\n    absent = None",
    "a second handler": "try:\n    import absent\nexcept KeyError:\n    pass\nexcept ImportError:\n    absent = None",
    "a name for it": "E = (ImportError,)\ntry:\n    import absent\nexcept E:\n    absent = None",
    "on several lines": "try:\n    from absent import (\n        a,\n    )\nexcept ImportError:\n    absent = None",
    "suppress": "import contextlib\nabsent = None\nwith contextlib.suppress(ImportError):\n    import absent",
    "suppress by another name": (
        "from contextlib import suppress as no\nabsent = None\nwith no(ImportError):\n    import absent"
    ),
    "suppress of several": (
        "import contextlib\nabsent, E = None, [KeyError, ImportError]\nwith contextlib.suppress(*E):\n    import absent"
    ),
    "import_module": (
        "import importlib\ntry:\n    importlib.import_module('absent')\nexcept ImportError:\n    absent = None"
    ),
    "deeper": "try:\n    if True:\n        import absent\nexcept ImportError:\n    absent = None",
    "around a class": "try:\n    class A:\n        import absent\nexcept ImportError:\n    absent = None",
    "around a call": "def get():\n    import absent\ntry:\n    get()\nexcept ImportError:\n    absent = None",
    "in a function": (
        "def get():\n    try:\n        import absent\n    except ImportError:\n        return None\nabsent = get()"
    ),
    "around a module of the user's": "try:\n    import backend\nexcept ImportError:\n    absent = None",
    "by a helper": "from importlib.util import find_spec\nabsent = find_spec('absent')",
    "at run time": "def get():\n    import absent\nabsent = None",
}


@pytest.mark.parametrize("how", GUARDS)
def test_a_guarded_import_raises_as_ever(load: Load, how: str):
    assert load(GUARDS[how], backend="import absent\nabsent.x()").absent is None


NOT_GUARDED = {
    "another exception": "try:\n    import absent\nexcept KeyError:\n    pass",
    "no handler": "try:\n    import absent\nfinally:\n    pass",
    "in the handler": "try:\n    1 / 0\nexcept Exception:\n    import absent",
    "in the else": "try:\n    pass\nexcept ImportError:\n    pass\nelse:\n    import absent",
    "a try around the definition": (
        "try:\n    def get():\n        import absent\n        return absent\nexcept ImportError: pass\nabsent = get()"
    ),
    "a context that is none": "import io\nTEXT = 'a'\nwith io.StringIO(TEXT):\n    import absent",
    "a conditional one": "import sys\nif sys:\n    import absent",
}


@pytest.mark.parametrize("how", NOT_GUARDED)
def test_an_import_that_is_not_guarded_gives_a_placeholder(load: Load, how: str):
    assert "absent, which is not installed here" in repr(load(NOT_GUARDED[how]).absent)


def test_an_import_in_a_function_that_runs_raises_pythons_own_error(load: Load):
    module = load("import absent\ndef use():\n    import absent\ndef use_part():\n    from absent.nn import Module\n")
    for use in (module.use, module.use_part):
        with pytest.raises(ModuleNotFoundError, match=r"^No module named 'absent'$"):
            use()
    assert not [name for name in sys.modules if name.startswith("absent")]


def test_a_module_that_a_function_imports_late_gets_placeholders_too(load: Load):
    module = load(
        "def use():\n    import late\n    return late.Net\n", late="import absent\nclass Net(absent.M): pass\n"
    )
    with pytest.raises(ModuleNotFoundError, match="imported by line 1 of late"):
        module.use()()


def test_a_library_is_told_the_truth(load: Load, library: Callable[[str, str], None]):
    library("lib_a", "try:\n    import absent\nexcept ImportError:\n    absent = None\n")
    library("lib_b", "import absent\n")
    library("lib_c", "def load():\n    import absent\n")
    module = load("import absent\nimport lib_a\nfound = lib_a.absent")
    assert module.found is None
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'absent'$"):
        load("import lib_c\nlib_c.load()")
    with pytest.raises(ModuleNotFoundError, match=r"lib_b can't be imported in .*: it needs absent, which is not inst"):
        load("import lib_b\ndef use():\n    lib_b.x\n").use()


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("from json.no_such import a", "a()"),
        ("import json.no_such", "json.no_such.a()"),
        ("import json.no_such.deep as deep", "deep.a()"),
        ("import xml.dom.no_such.deep", "xml.dom.no_such.deep()"),
    ],
)
def test_what_is_there_but_lacks_a_part(load: Load, text: str, use: str):
    module = load(f"{text}\ndef use():\n    {use}\n")
    with pytest.raises(
        ModuleNotFoundError, match=r"^(json|xml\.dom)\.no_such(\.deep)? is not installed .* by line 1 of"
    ):
        module.use()
    assert load("import json.no_such\nfound = json.dumps([1]), json.__name__, json.decoder").found[:2] == (
        "[1]",
        "json",
    )


LAZY = """
from importlib import import_module
__path__ = []
__all__ = ["light", "heavy"]
light = 1

def __getattr__(name):
    if name == "heavy":
        return import_module("absent")
    raise AttributeError(name)
"""


def test_a_library_that_imports_its_parts_when_they_are_asked_for(load: Load, library: Callable[[str, str], None]):
    library("lazy", LAZY)
    for text in ("from lazy import light, heavy", "from lazy import *"):
        module = load(f"{text}\nmade = heavy.Net(3)\ndef use():\n    made.fit()\n")
        assert module.light == 1
        with pytest.raises(
            ModuleNotFoundError, match=r"lazy\.heavy can't be imported in .*: it needs absent, which is"
        ):
            module.use()
    module = load("from lazy import heavy, no_such\ndef use():\n    no_such()\n")
    with pytest.raises(ModuleNotFoundError, match=r"^lazy\.no_such is not there in the environment of this step"):
        module.use()


def test_a_name_that_the_version_there_lacks(load: Load):
    text = "from json import dumps, loads_all\nfrom pytest import no_such\n\nclass All(loads_all): pass\n"
    module = load(f"{text}def use():\n    return loads_all(dumps(1))\ndef other():\n    return no_such()\n")
    assert module.dumps(1) == "1"
    with pytest.raises(ModuleNotFoundError) as raised:
        module.use()
    version = ".".join(map(str, sys.version_info[:3]))
    assert str(raised.value) == (
        f"json.loads_all is not there in the environment of this step, Python {version} at {sys.executable}; it is "
        f"imported by line 1 of {module.__name__}.py. Ask for another version with @step(packages=[...]) or "
        "@step(python=...), or import it inside the functions that use it"
    )
    with pytest.raises(ModuleNotFoundError, match=f", which has pytest {pytest.__version__}; it is imported by line 2"):
        module.other()
    guarded = "try:\n    from json import loads_all\nexcept ImportError:\n    loads_all = None\n"
    assert load(guarded).loads_all is None
    with pytest.raises(ImportError, match="cannot import name 'loads_all' from 'json'"):
        load("def use():\n    from json import loads_all\n").use()


def test_exceptions_of_a_missing_package_can_be_caught_and_ignored(load: Load):
    module = load(
        "import warnings, absent\nfrom absent.errors import OutOfMemoryError\n"
        "warnings.filterwarnings('ignore', category=absent.ConvergenceWarning)\n"
        "class Mine(OutOfMemoryError): pass\n"
        "LOSS = absent.losses.MeanSquaredError(3) + absent.losses.MeanSquaredError.of(1)\n"
        "def use():\n    try:\n        1 / 0\n    except OutOfMemoryError:\n        return 1\n"
        "    except ZeroDivisionError:\n        return 2\n"
        "def fail(kind):\n    raise kind()\n"
    )
    assert module.use() == 2
    assert not isinstance(ValueError(), module.OutOfMemoryError)
    for kind in (module.OutOfMemoryError, module.Mine):
        with pytest.raises(ModuleNotFoundError, match=r"^absent\.errors is not installed in the environment of this"):
            module.fail(kind)


def test_a_text_of_it_is_one_while_the_module_is_imported_alone(load: Load):
    module = load("import absent\nSAID = f'{absent.pi:.2f} {absent.pi}', str(absent)\nuse = lambda: f'{absent}'\n")
    assert module.SAID[1] == "<absent, which is not installed here>"
    with pytest.raises(ModuleNotFoundError, match=r"^absent is not installed in the environment"):
        module.use()


def test_a_module_that_fails_is_told_with_its_environment_and_its_placeholders(load: Any, tmp_path: Path):
    with pytest.raises(RuntimeError) as raised:
        load("import absent\nfrom json import no_such\nif not absent.is_there():\n    raise RuntimeError('no')\n")
    load.explain(raised.value, str(tmp_path / "flows.py"))
    (note,) = raised.value.__notes__
    at = re.findall(r"line \d of user_module_\d+.py", note)
    assert note == (
        f"flows.py can't be imported in the environment of this step, {placeholders.this_python()}, with placeholders "
        f"for absent ({at[0]}), json.no_such ({at[1]}). Mend that, or put the step into a module of its own that does "
        "not import this one"
    )


def test_a_module_of_a_newer_python(load: Load):
    module = load("import annotationlib\nuse = lambda: annotationlib.x\n")
    if sys.version_info < (3, 14):
        with pytest.raises(ModuleNotFoundError, match=r"\. Ask for a newer one with @step\(python=\.\.\.\), or import"):
            module.use()


def test_what_of_penstock_steps_do_not_have(load: Load, monkeypatch: pytest.MonkeyPatch):
    import penstock

    monkeypatch.setitem(sys.modules, "penstock.client", None)
    monkeypatch.delitem(vars(penstock), "runs", raising=False)
    module = load("from penstock import step, runs, flow\n@step\ndef clean(x):\n    return x\nuse = lambda: runs(1)\n")
    assert module.clean(3) == 3
    with pytest.raises(
        ModuleNotFoundError, match=r"^penstock.runs is not there in the environment of this step.*Use it"
    ):
        module.use()


def test_a_mistake_in_the_users_own_modules_is_heard(load: Load):
    for text in ("from . import no_such", "import pack.gone", "from pack.gone import a", "from pack import a"):
        with pytest.raises(ImportError, match=r"^(No module named|cannot import name|attempted relative import)"):
            load(text, pack="")


def test_a_module_of_the_users_that_insists_is_heard(load: Load):
    insists = "try:\n    import absent\nexcept ImportError as error:\n    raise\n"
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'absent'$"):
        load("import insists", insists=insists)


def test_a_placeholder_is_never_stored(load: Load, tmp_path: Path):
    module = load("import absent\nVALUE = {'net': [absent.nn.Linear(3)]}\nclass Net(absent.M): pass\n")
    with pytest.raises(NotStorableError, match=r"^result\['net'\]\[0\] is a .*Placeholder.*absent is not installed in"):
        codec.encode(module.VALUE, FolderStore(tmp_path / "store"))
    assert codec.decode(codec.encode(module.Net, FolderStore(tmp_path / "store")).stored.record, Any) is module.Net


def test_a_decorated_step_is_still_a_step(load: Load):
    module = load(
        "import absent\nfrom penstock import step\n@step(cpu=2)\n@absent.retry\ndef train(x: int, y=3):\n    return x\n"
        "@absent.track\n@step\ndef test(x):\n    return x\n@step\ndef clean(x):\n    return x\n"
    )
    assert module.train.name == "train"
    assert module.train.binder.names == ("x", "y")
    assert module.clean(3) == 3
    for step in (module.train, module.test):
        with pytest.raises(ModuleNotFoundError, match="absent is not installed in the environment of this step"):
            step(1)
