"""A run's code as its workers see it: snapshot, disk, installed packages, live values, notebooks."""

from __future__ import annotations

import functools
import importlib
import linecache
import os
import sys
import types
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from penstock.code.codebase import Codebase
from penstock.code.fingerprint import Fingerprint
from penstock.errors import StoreError, UsageError
from tests.unit.code.projects import (
    FLOW,
    READS_LIMIT,
    ROOT,
    by_repr,
    changes,
    codebase,
    fingerprint,
    ids,
    no_value,
    write,
)

CELLS = count()


# Roots and what is declared


def test_a_tree_and_what_it_is_made_of(folder: Path):
    found = fingerprint(folder, {"flow.py": FLOW, "features.py": "LIMIT = 1\ndef clean(x): return x + LIMIT\n"})
    nodes = found.tree.nodes
    assert list(nodes) == ["flow:train", "features:clean", "features:LIMIT", "python"]
    assert [(node.kind, node.place, node.reaches) for node in nodes.values()] == [
        ("function", "flow.py", ("features:clean",)),
        ("function", "features.py", ("features:LIMIT",)),
        ("constant", "features.py", ()),
        ("python", "", ()),
    ]
    assert nodes["python"].digest.decode() == f"{sys.version_info[0]}.{sys.version_info[1]} CPython"
    assert found.tree.roots == (ROOT,)
    assert len(found.digest) == 33
    assert found.digest[0] == 1


def test_neither_the_folder_nor_what_was_asked_counts(tmp_path: Path):
    files = {"flow.py": FLOW, "features.py": "def clean(x): return x\n"}
    here, there = (codebase(write(tmp_path / name, files)) for name in ("here", "there"))
    assert here.fingerprint([ROOT]).digest == there.fingerprint([ROOT, "features:clean"]).digest


def test_a_step_that_a_function_made_is_that_function(folder: Path):
    write(folder, {"flow.py": "def make(n):\n    def inner(x): return x * n\n    return inner\n"})
    assert ids(codebase(folder).fingerprint(["flow:make.<locals>.inner"])) == {"flow:make"}


@pytest.mark.parametrize("root", ["flow:lost", "flow:<lambda>", "lost:train"])
def test_a_root_that_is_nowhere_is_reported(folder: Path, root: str):
    write(folder, {"flow.py": FLOW, "features.py": ""})
    assert codebase(folder).fingerprint([root]).tree.unfollowed == (f"{root}: its source can't be found",)


def test_what_is_declared(folder: Path):
    write(folder, {"flow.py": "def train(x): return x\n", "features.py": "print(1)\nA = 1\ndef f(): return 2\n"})
    code = codebase(folder)
    assert ids(code.fingerprint([ROOT], ["features:f"])) == {"flow:train", "features:f", "features:"}
    assert ids(code.fingerprint([ROOT], ["features"])) == {"flow:train", "features:A", "features:f", "features:"}
    assert ids(code.fingerprint([ROOT], ["click", "json", "json:loads"])) == {"flow:train", "click"}
    assert code.fingerprint([ROOT], ["json"]).tree.unfollowed == ()
    for wrong in ("lost", "features:lost"):
        with pytest.raises(UsageError, match=f"uses=: '{wrong}' was declared .* no such thing: mend its name"):
            code.fingerprint([ROOT], [wrong])


MODEL = """
import click
class Base: kind = 1
class Model:
    rate = 1
    size: int
    def fit(self): return 1
class Better(Base): pass
def clean(x): return x
TABLE = dict(a=1)
"""


@pytest.mark.parametrize("is_loaded", [True, False], ids=["loaded", "not loaded"])
def test_what_is_declared_of_a_class_or_of_python_must_be_there(
    folder: Path, loaded: Callable[..., None], is_loaded: bool
):
    write(folder, {"flow.py": "def train(x): return x\n", "model.py": MODEL})
    write(folder, {"pkg/__init__.py": "", "pkg/core.py": "A = 1"})
    code = codebase(folder)
    if is_loaded:
        names: dict[str, Any] = {}
        exec(MODEL, names)
        loaded("model", **names)
        loaded("pkg")
    there = ["model:Model.fit", "model:Model.rate", "model:Better.kind", "model:TABLE.items", "pkg:core", "pkg:core.A"]
    there += ["click:echo", "click:parser", "json:loads", "os.path:join", "os:path.join", "xml:sax", "xml.sax:parse"]
    for right in (*there, "penstock", "penstock:step"):
        assert code.fingerprint([ROOT], [right]).tree.roots == (ROOT, right)
    wrongs = ["pkg:nope", "json:nothing", "json:loads.nothing", "json.nothing", "xml.nothing:parse", "penstock:nothing"]
    if is_loaded:
        wrongs += ["model:Model.nope", "model:clean.nope", "click:nothing"]
    for wrong in wrongs:
        with pytest.raises(UsageError, match=f"uses=: '{wrong}' was declared .* no such thing: mend its name"):
            code.fingerprint([ROOT], [wrong])


def test_declared_files_count_by_their_content(folder: Path):
    write(folder, {"flow.py": "def train(x): return x\n", "data/a.csv": "1", "data/deep/b.csv": "2"})
    declared = [f"file:{folder}/data", f"file:{folder}/data/a.csv"]
    before = codebase(folder).fingerprint([ROOT], declared)
    assert ids(before) == {"flow:train", "file:data", "file:data/a.csv"}
    assert before.tree.nodes["file:data"].place == "data"
    assert codebase(folder).fingerprint(before.tree.roots).digest == before.digest
    write(folder, {"data/deep/b.csv": "3"})
    assert changes(before, codebase(folder).fingerprint([ROOT], declared)) == ["data changed"]
    os.rename(folder / "data/deep/b.csv", folder / "data/deep/c.csv")
    write(folder, {"data/deep/c.csv": "2"})
    assert changes(before, codebase(folder).fingerprint([ROOT], declared)) == ["data changed"]


def test_a_declared_file_that_is_missing_is_named(folder: Path):
    write(folder, {"flow.py": "def train(x): return x\n"})
    with pytest.raises(
        UsageError, match=r"uses=: .*/lost.csv was declared .* can't be read: No such file or directory"
    ):
        codebase(folder).fingerprint([ROOT], [f"file:{folder}/lost.csv"])


def test_a_declared_file_elsewhere_keeps_its_path(folder: Path, tmp_path: Path):
    write(folder, {"flow.py": "def train(x): return x\n"})
    other = write(tmp_path / "elsewhere", {"a.csv": "1"}) / "a.csv"
    assert f"file:{other}" in ids(codebase(folder).fingerprint([ROOT], [f"file:{other}"]))


# Where sources are


def test_what_the_snapshot_holds_counts_whatever_the_file_is_by_now(folder: Path):
    write(folder, {"flow.py": FLOW, "features.py": "def clean(x): return x\n"})
    code, before = codebase(folder), codebase(folder).fingerprint([ROOT])
    write(folder, {"features.py": "def clean(x): return -x\n"})
    assert code.fingerprint([ROOT]).digest == before.digest
    (folder / "features.py").unlink()
    assert code.fingerprint([ROOT], ["features"]).digest == before.digest


def test_a_module_elsewhere_on_the_path_is_followed(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    elsewhere = write(tmp_path / "lib", {"features.py": "import deep.core\ndef clean(x): return deep.core.f(x)\n"})
    write(elsewhere, {"deep/__init__.py": "", "deep/core.py": "def f(x): return x\n"})
    write(folder, {"flow.py": FLOW})
    monkeypatch.syspath_prepend(str(elsewhere))

    before = codebase(folder).fingerprint([ROOT])
    assert ids(before) == {"flow:train", "features:clean", "deep.core:f"}
    codebase(folder).save()
    write(elsewhere, {"deep/core.py": "def f(x): return -x\n"})
    assert changes(before, codebase(folder).fingerprint([ROOT])) == ["f() in deep/core.py changed"]


def test_a_compiled_module_counts_by_its_file(folder: Path):
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    files: dict[str, str | bytes] = {
        "flow.py": "import pkg.fast\n\ndef train(x):\n    return pkg.fast.clean(x)\n",
        "pkg/__init__.py": "",
        f"pkg/fast{suffix}": b"\0first",
    }
    before = fingerprint(folder, files)
    assert ids(before) == {"flow:train", f"file:pkg/fast{suffix}"}
    after = fingerprint(folder, {f"pkg/fast{suffix}": b"\0second"})
    assert changes(before, after) == [f"pkg/fast{suffix} changed"]


def test_a_flow_inside_a_package(folder: Path):
    write(folder, {"pkg/__init__.py": "", "pkg/flow.py": "from . import core\ndef train(x): return core.f(x)\n"})
    write(folder, {"pkg/core.py": "def f(x): return x\n"})
    found = codebase(folder, module="pkg.flow").fingerprint(["pkg.flow:train"])
    assert {identity: node.place for identity, node in found.tree.nodes.items() if identity != "python"} == {
        "pkg.flow:train": "pkg/flow.py",
        "pkg.core:f": "pkg/core.py",
    }


def test_a_snapshot_that_is_gone(folder: Path):
    with pytest.raises(StoreError, match=r"can't read the run's sources in .*: No such file or directory"):
        Codebase(
            snapshot=folder / "gone", sys_path=(), module="flow", module_path="", folder=folder, value_digest=no_value
        )


# Packages


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages, which comes first on the path."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def test_a_package_counts_by_its_version(folder: Path, site: Path):
    write(site, {"frames/__init__.py": "def clean(x): return x\n"})
    files = {"flow.py": "import frames\ndef train(x): return frames.clean(x)\n"}
    (site / "frames-3.0.1.dist-info").mkdir()
    before = fingerprint(folder, files)
    assert before.tree.nodes["frames"][:3] == ("package", b"3.0.1", "")
    codebase(folder).save()
    write(site, {"frames/__init__.py": "def clean(x): return -x\n"})  # nobody edits what is installed
    assert fingerprint(folder, files).digest == before.digest
    (site / "frames-3.0.1.dist-info").rename(site / "frames-3.1.0.dist-info")
    assert changes(before, fingerprint(folder, files)) == ["frames 3.0.1 became 3.1.0"]


def test_a_package_that_is_installed_or_removed_later(folder: Path, site: Path):
    files = {
        "flow.py": "try:\n    import frames\nexcept ImportError:\n    frames = None\ndef train(x): return frames\n"
    }
    before = fingerprint(folder, files)
    codebase(folder).save()
    write(site, {"frames.py": ""})
    (site / "frames-3.0.1.dist-info").mkdir()
    importlib.invalidate_caches()
    after = fingerprint(folder, files)
    assert changes(before, after) == ["frames 3.0.1 is new"]
    assert changes(after, before) == ["frames 3.0.1 is gone"]


def test_parts_of_a_namespace_are_distributions_of_their_own(folder: Path, site: Path):
    write(site, {"cloud/storage/__init__.py": "", "cloud/query/__init__.py": ""})
    for name, part in (("cloud_storage-1.0", "storage"), ("cloud_query-2.0", "query")):
        write(site, {f"{name}.dist-info/RECORD": f"cloud/{part}/__init__.py,,\n"})
    importlib.invalidate_caches()
    found = fingerprint(folder, {"flow.py": "from cloud import storage\ndef train(x): return storage.read(x)\n"})
    assert ids(found) == {"flow:train", "cloud-storage"}


def test_another_python(folder: Path, monkeypatch: pytest.MonkeyPatch):
    files = {"flow.py": "def train(x): return x\n"}
    before = fingerprint(folder, files)
    monkeypatch.setattr("penstock.code.codebase.describe_python", lambda: "3.99 CPython")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    after = fingerprint(folder, files)
    assert changes(before, after) == [f"Python {version} became 3.99"]
    monkeypatch.setattr("penstock.code.codebase.describe_python", lambda: "3.99 PyPy")
    assert changes(after, fingerprint(folder, files)) == ["Python 3.99 became 3.99 PyPy"]


def test_a_package_that_is_imported_inside_counts_even_if_unused(folder: Path):
    assert ids(fingerprint(folder, {"flow.py": "import rich\ndef train(x):\n    import click\n    return x\n"})) == {
        "flow:train",
        "click",
    }


# Values


def test_a_computed_constant_counts_by_its_value_too(folder: Path, loaded: Callable[..., None]):
    write(folder, {"flow.py": READS_LIMIT, "features.py": "import os\nLIMIT = int(os.environ['LIMIT'])\nB = f()\n"})
    found: list[Fingerprint] = []
    for limit in (1, 1, 2):
        loaded("features", LIMIT=limit, B=object())
        found.append(codebase(folder, by_repr).fingerprint([ROOT]))
    assert found[0].digest == found[1].digest
    assert changes(found[1], found[2]) == ["LIMIT in features.py has another value"]
    write(folder, {"features.py": "import os\nLIMIT = int(os.environ['OTHER'])\n"})
    assert changes(found[2], codebase(folder, by_repr).fingerprint([ROOT])) == ["LIMIT in features.py changed"]


@pytest.mark.parametrize(
    "features",
    [
        "LIMIT = 3\n",
        "BASE = 1\nLIMIT: Optional[int] = BASE * 2 + len\n",
        "LIMIT = {}\ndef f(): LIMIT['x'] = 1\n",
        "LIMIT = make()\ndef f():\n    global LIMIT\n    LIMIT = 1\n",
        "def LIMIT(): return g()\n",
        "class LIMIT:\n    x = 1\n    y = len((1, 2))\n    def f(self, z=x): return g()\n",
        "import re\nLIMIT = re.compile('a')\n",
        "import dataclasses\n@dataclasses.dataclass(frozen=True)\nclass LIMIT:\n    x: list[int] = 1\n",
        "class LIMIT:\n    x = g()\n    def f(self):\n        LIMIT.x = 2\n",
    ],
)
def test_values_are_asked_only_where_they_say_more_than_the_source(
    folder: Path, loaded: Callable[..., None], features: str
):
    write(folder, {"flow.py": READS_LIMIT, "features.py": features})
    loaded("features", LIMIT=object(), BASE=2)
    asked: list[object] = []

    def digest(value: object) -> bytes:
        asked.append(value)
        return b"value"

    codebase(folder, digest).fingerprint([ROOT])
    assert asked == []


def test_the_value_of_what_another_module_changes_does_not_count(folder: Path, loaded: Callable[..., None]):
    flow = READS_LIMIT + "    features.LIMIT.append(x)\n"
    write(folder, {"flow.py": flow.replace("return", "y ="), "features.py": "LIMIT = list()\n"})
    found: list[Fingerprint] = []
    for value in ([], [1]):
        loaded("features", LIMIT=value)
        found.append(codebase(folder, by_repr).fingerprint([ROOT]))
    assert found[0].digest == found[1].digest
    assert found[0].tree.unfollowed == ("features.py:1: LIMIT is changed while the code runs",)


def test_which_of_two_definitions_was_chosen_counts(folder: Path, loaded: Callable[..., None]):
    features = "import os\nif os.environ.get('FAST'):\n    def clean(x): return 1\nelse:\n    def clean(x): return 2\n"
    write(folder, {"flow.py": FLOW, "features.py": features})
    found: list[Fingerprint] = []
    for text in ("def clean(x): return 1\n", "def clean(x): return 2\n", "\n\ndef clean(x): return 2\n"):
        names: dict[str, Any] = {"__name__": "features"}
        exec(text, names)
        loaded("features", clean=names["clean"])
        found.append(codebase(folder).fingerprint([ROOT]))
    assert changes(found[0], found[1]) == ["clean() in features.py holds other values"]
    assert found[1].digest == found[2].digest


def test_which_of_two_modules_was_chosen_counts(folder: Path, loaded: Callable[..., None]):
    features = "import os\nif os.environ.get('FAST'):\n    import json as LIMIT\nelse:\n    import pickle as LIMIT\n"
    write(folder, {"flow.py": READS_LIMIT, "features.py": features})
    found: list[Fingerprint] = []
    for module in (importlib.import_module("json"), importlib.import_module("pickle")):
        loaded("features", LIMIT=module)
        found.append(codebase(folder).fingerprint([ROOT]))
    assert changes(*found) == ["LIMIT in features.py has another value"]


def test_a_step_or_a_flow_is_no_value(folder: Path, loaded: Callable[..., None]):
    from penstock import step

    @step
    def inner() -> int:
        return 1

    write(folder, {"flow.py": READS_LIMIT, "features.py": "LIMIT = max(1, 2)\n"})
    loaded("features", LIMIT=inner)
    assert codebase(folder, lambda value: pytest.fail("asked")).fingerprint([ROOT]).tree.unfollowed == ()


def test_the_flows_module_may_be_the_script_that_runs(folder: Path, monkeypatch: pytest.MonkeyPatch):
    write(folder, {"flow.py": "LIMIT = f()\ndef train(x): return x + LIMIT\n"})
    found: list[Fingerprint] = []
    for limit in (1, 2):
        script = types.ModuleType("__main__")
        vars(script).update(__file__=str(folder / "flow.py"), LIMIT=limit)
        monkeypatch.setitem(sys.modules, "__main__", script)
        found.append(codebase(folder, by_repr).fingerprint([ROOT]))
    assert changes(*found) == ["LIMIT in flow.py has another value"]


# Notebooks


class Notebook:
    """A notebook's live names, and the sources of its cells."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def run(self, source: str) -> None:
        file = f"<cell {next(CELLS)}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        exec(compile(source, file, "exec"), self.names)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    made = Notebook()
    main = types.ModuleType("__main__")
    main.__dict__.update(made.names)
    made.names = main.__dict__
    monkeypatch.setitem(sys.modules, "__main__", main)
    return made


def of_notebook(notebook: Notebook, tmp_path: Path, digest: Callable[[object], bytes] = by_repr) -> Fingerprint:
    folder = write(tmp_path / "project", {"empty.py": ""})
    code = codebase(folder, digest, module="", module_path="", namespace=notebook.names)
    return code.fingerprint(["__main__:train"])


def test_a_notebooks_step_and_what_it_reaches(notebook: Notebook, tmp_path: Path):
    notebook.run("import json, click\nfrom penstock import step\nLIMIT = 3\nOTHER = 4\n")
    notebook.run("class Model:\n    def fit(self):\n        return LIMIT\n")
    notebook.run("def clean(x):\n    return json.dumps(x)\n")
    notebook.run("@step(memory='1GiB')\ndef train(x):\n    click.echo(x)\n    return clean(x), Model()\n")
    before = of_notebook(notebook, tmp_path)
    assert ids(before) == {f"__main__:{name}" for name in ("train", "clean", "Model", "Model.fit", "LIMIT")} | {"click"}
    assert before.tree.unfollowed == ()

    notebook.run("# again\n@step(memory='2GiB')\ndef train(x):\n    click.echo(x)\n    return clean(x), Model()\n")
    notebook.run("OTHER = 5\n")
    assert of_notebook(notebook, tmp_path).digest == before.digest
    notebook.run("def clean(x):\n    return json.loads(x)\n")
    assert changes(before, of_notebook(notebook, tmp_path)) == ["clean() in the notebook changed"]
    before = of_notebook(notebook, tmp_path)
    notebook.run("LIMIT = 5\n")
    assert changes(before, of_notebook(notebook, tmp_path)) == ["LIMIT in the notebook has another value"]


def test_what_a_notebook_imports_from_the_project_is_followed(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    lib = write(tmp_path / "lib", {"notebook_features.py": "def clean(x): return x\nclass Model: pass\n"})
    monkeypatch.syspath_prepend(str(lib))
    notebook.run("import notebook_features as nf\nfrom notebook_features import clean as tidy\n")
    monkeypatch.delitem(sys.modules, "notebook_features")
    notebook.run("def train(x):\n    return tidy(x), nf.Model\n")
    before = of_notebook(notebook, tmp_path)
    assert ids(before) == {"__main__:train", "notebook_features:clean", "notebook_features:Model"}
    write(lib, {"notebook_features.py": "def clean(x): return -x\nclass Model: pass\n"})
    assert changes(before, of_notebook(notebook, tmp_path)) == ["clean() in notebook_features.py changed"]


def test_what_lies_beneath_a_notebooks_decorators(notebook: Notebook, tmp_path: Path):
    notebook.names["functools"] = functools
    notebook.run("def plain(fn):\n    def inner(*args):\n        return fn(*args)\n    return inner\n")
    notebook.run("@plain\ndef a(x):\n    return x\n")
    notebook.run("@functools.lru_cache(maxsize=2)\ndef b(x):\n    return x\n")
    notebook.run("def train(x):\n    return a(x), b(x)\n")
    before = of_notebook(notebook, tmp_path)
    assert {"__main__:a", "__main__:b"} <= ids(before)
    notebook.run("@functools.lru_cache(maxsize=2)\ndef b(x):\n    return -x\n")
    assert changes(before, of_notebook(notebook, tmp_path)) == ["b() in the notebook changed"]
    before = of_notebook(notebook, tmp_path)
    notebook.run("@plain\ndef a(x):\n    return -x\n")
    assert changes(before, of_notebook(notebook, tmp_path)) == ["a() in the notebook changed"]


def test_what_a_notebooks_function_closes_over(notebook: Notebook, tmp_path: Path):
    notebook.run("def make(n):\n    def inner(x):\n        return x * n\n    return inner\n")
    notebook.run("scale = make(2)\ndef train(x):\n    return scale(x)\n")
    before = of_notebook(notebook, tmp_path)
    assert before.tree.nodes["__main__:scale"].kind == "function"
    notebook.run("scale = make(2)\n")
    assert of_notebook(notebook, tmp_path).digest == before.digest
    notebook.run("scale = make(3)\n")
    assert changes(before, of_notebook(notebook, tmp_path)) == ["scale() in the notebook holds other values"]


def test_a_notebooks_class_without_methods(notebook: Notebook, tmp_path: Path):
    notebook.run("from dataclasses import dataclass\n@dataclass\nclass Config:\n    rows: int = 1\n")
    notebook.run("def train(x):\n    return Config()\n")
    before = of_notebook(notebook, tmp_path)
    assert before.tree.unfollowed == ()
    notebook.run("@dataclass\nclass Config:\n    rows: int = 2\n")
    assert changes(before, of_notebook(notebook, tmp_path)) == ["Config in the notebook changed"]


def test_what_of_a_notebook_cant_be_followed(notebook: Notebook, tmp_path: Path):
    exec("def unseen(x): return x", notebook.names)
    notebook.run("CACHE = {}\nODD = object()\n")
    notebook.run("def train(x):\n    CACHE[x] = 1\n    return eval(x), unseen, ODD, lost\n")
    write(tmp_path / "project", {"empty.py": ""})
    code = codebase(tmp_path / "project", lambda value: b"", module="", module_path="", namespace=notebook.names)
    assert code.fingerprint(["__main__:train"]).tree.unfollowed == (
        "the notebook: CACHE is changed while the code runs",
        "the notebook: eval() in train",
        "the notebook: lost is not defined where it can be seen",
        "the notebook: the source of unseen can't be found",
        "the notebook: the value of ODD has no stable form",
    )


def test_options_of_a_step_that_a_notebook_makes_once(notebook: Notebook, tmp_path: Path):
    notebook.run("from penstock import step\nheavy = step(cache=True, memory='1GiB')\n")
    notebook.run("@heavy\ndef train(x):\n    return x\n")
    before = of_notebook(notebook, tmp_path)
    assert ids(before) == {"__main__:train"}
    notebook.run("heavy = step(cache=True, memory='2GiB')\n")
    assert of_notebook(notebook, tmp_path) == before


def test_what_a_notebook_computes_inside_of_definitions(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    found: list[Fingerprint] = []
    for rate in ("1", "2"):
        monkeypatch.setenv("HK", rate)
        notebook.run("import os\n")
        notebook.run("def scale(x, rate=os.environ['HK']):\n    return x, rate\n")
        notebook.run("class Model:\n    rate = os.environ['HK']\n    def fit(self): return self.rate\n")
        notebook.run("def train(x):\n    return scale(x), Model().fit()\n")
        found.append(of_notebook(notebook, tmp_path))
    assert changes(*found) == [f"{what} in the notebook holds other values" for what in ("Model", "scale()")]


def test_a_lambda_of_a_notebook(notebook: Notebook, tmp_path: Path):
    notebook.run("LIMIT = 2\nscale = lambda x: x * LIMIT\n")
    notebook.run("def train(x):\n    return scale(x)\n")
    before = of_notebook(notebook, tmp_path)
    assert ids(before) == {"__main__:train", "__main__:scale", "__main__:LIMIT"}
    notebook.run("scale = lambda x: x + LIMIT\n")
    assert changes(before, of_notebook(notebook, tmp_path)) == ["scale in the notebook changed"]


def test_what_enters_itself_in_a_notebook_is_reported(notebook: Notebook, tmp_path: Path):
    notebook.run("import functools\n")
    notebook.run("@functools.singledispatch\ndef clean(x):\n    return x\n")
    notebook.run("@clean.register(int)\ndef of_int(x):\n    return x\n")
    notebook.run("def train(x):\n    return clean(x)\n")
    found = of_notebook(notebook, tmp_path)
    assert found.tree.unfollowed == ("the notebook: clean is changed while the code runs",)
