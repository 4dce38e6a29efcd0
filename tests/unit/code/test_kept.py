"""What is kept of a project's code from start to start: it says what a first start would say, or nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.code import kept, outline_file
from penstock.code.fingerprint import Fingerprint, ProjectCode
from tests.unit.code import edits
from tests.unit.code.edits import Edit
from tests.unit.code.projects import FLOW, READS_LIMIT, ROOT, by_repr, changes, codebase, fingerprint, ids, write


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The sources that are taken apart from here on."""
    sources: list[bytes] = []
    make = outline_file._outline  # pyright: ignore[reportPrivateUsage]

    def outline(source: bytes) -> Any:
        sources.append(source)
        return make(source)

    monkeypatch.setattr(outline_file, "_outline", outline)
    return sources


def test_a_start_that_takes_no_source_apart_imports_nothing_that_could():
    code = "import sys, penstock.code.codebase, penstock.code.differences; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"ast", "inspect", "textwrap", "dataclasses", "importlib.metadata"} & set(done.stdout.split()) == set()


PROJECT = {
    "flow.py": FLOW,
    "features.py": "import other\nX = 1\ndef clean(x): return X, other\n",
    "other.py": "Y = 2\n",
}


def test_an_unchanged_source_is_taken_apart_once(folder: Path, parsed: list[bytes]):
    code = codebase(write(folder, PROJECT))
    before = code.fingerprint([ROOT])
    code.save()
    assert len(parsed) == 3
    assert codebase(folder).fingerprint([ROOT]) == before
    assert len(parsed) == 3
    after = fingerprint(folder, {"features.py": PROJECT["features.py"].replace("X = 1", "X = 2")})
    assert changes(before, after) == ["X in features.py changed"]
    assert len(parsed) == 4


def test_a_step_that_was_never_asked_for_is_added(folder: Path, parsed: list[bytes]):
    for root in (ROOT, "other:Y", "features"):
        code = codebase(write(folder, PROJECT))
        code.fingerprint([root])
        code.save()
    del parsed[:]
    code = codebase(folder)
    assert ids(code.fingerprint(["features"])) == {"features:X", "features:clean", "other:Y"}
    assert ids(code.fingerprint(["other:Y"])) == {"other:Y"}
    assert parsed == []


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first roots of all fingerprints that are not found as they were kept, from here on."""
    roots: list[str] = []
    make = ProjectCode.fingerprint

    def fingerprint(self: ProjectCode, names: tuple[str, ...], given: Any) -> Fingerprint:
        roots.append(names[0])
        return make(self, names, given)

    monkeypatch.setattr(ProjectCode, "fingerprint", fingerprint)
    return roots


def kept_and_new(project: Path, **other: Any) -> tuple[Fingerprint, Fingerprint]:
    """The fingerprint as a start finds it, by what is kept, which it then keeps; and as the first start would."""
    code = codebase(project, **other)
    found = code.fingerprint([ROOT])
    code.save()
    return found, codebase(project, **other, folder=project.parent / "nothing").fingerprint([ROOT])


def test_an_unchanged_project_is_walked_once(folder: Path, walked: list[str]):
    files = {**PROJECT, "unused.py": "", "data.csv": "1"}
    declared = [f"file:{write(folder, files)}/data.csv"]
    code = codebase(folder)
    before = [code.fingerprint(roots, declared) for roots in ([ROOT], ["other:Y"])]
    code.save()
    write(folder, {"unused.py": "X = 1\n", "new.py": ""})
    code = codebase(folder)
    assert [code.fingerprint(roots, declared) for roots in (["other:Y"], [ROOT])] == before[::-1]
    assert walked == [ROOT, "other:Y"]
    write(folder, {"data.csv": "2"})
    after = codebase(folder).fingerprint([ROOT], declared)
    assert changes(before[0], after) == ["data.csv changed"]
    assert walked == [ROOT, "other:Y", ROOT]


@pytest.mark.parametrize(
    "new",
    [
        {"click.py": "def echo(x): return x\n"},
        {"json.py": "def dumps(x): return x\n"},
        {"features.py": "def clean(x): return -x\n"},
        {"features/__init__.py": "def clean(x): return -x\n"},
        {"parts/__init__.py": "one = None\n"},
        {"parts/one/__init__.py": "A = 2\n"},
        {"lost.py": "def f(): return 1\n"},
    ],
    ids=lambda new: next(iter(new)),
)
def test_a_new_file_that_comes_before_what_was_found(
    folder: Path, tmp_path: Path, new: dict[str, str | bytes], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.syspath_prepend(str(write(tmp_path / "lib", {"features.py": "def clean(x): return x\n"})))
    flow = "import click, json, features, parts.one\ntry:\n    import lost\nexcept ImportError:\n    lost = None\n"
    flow += "def train(x):\n    return click.echo(json.dumps(features.clean(parts.one.A))), lost.f()\n"
    before, _ = kept_and_new(write(folder, {"flow.py": flow, "parts/one.py": "A = 1\n"}))
    after, expected = kept_and_new(write(folder, new))
    assert after == expected
    assert after.digest != before.digest
    for place in new:
        (folder / place).unlink()
    assert kept_and_new(folder)[0] == before


def test_another_path(folder: Path):
    write(folder, {"flow.py": FLOW, "a/features.py": "def clean(x): return x\n", "b/features.py": "clean = 1\n"})
    paths = [(str(folder / name),) for name in "ab"]
    found = [kept_and_new(folder, sys_path=path) for path in (*paths, *paths)]
    assert [one for one, _ in found] == [one for _, one in found]
    assert len({one.digest for one, _ in found}) == 2


def test_what_is_loaded_counts_as_at_the_first_look_of_a_start(folder: Path, loaded: Callable[..., None]):
    flow = READS_LIMIT + "@step\ndef test(x):\n    return features.LIMIT\n"
    write(folder, {"flow.py": flow, "features.py": "LIMIT = f()\n"})

    def start() -> list[bytes]:
        code, found = codebase(folder, by_repr), list[bytes]()
        for value, root in enumerate((ROOT, "flow:test")):  # the flow changes it before it calls the second step
            loaded("features", LIMIT=value)
            found.append(code.fingerprint([root]).digest)
        code.save()
        return found

    assert start() == start()


@given(
    st.lists(
        st.tuples(st.sampled_from(edits.read()), st.booleans(), st.permutations([ROOT, "flow", "features"])),
        min_size=2,
        max_size=4,
    )
)
def test_what_was_kept_of_a_project_says_nothing_wrong_of_another(states: list[tuple[Edit, bool, list[str]]]):
    with tempfile.TemporaryDirectory() as folder:
        for edit, is_edited, roots in states:
            project = write(Path(folder) / "project", edit.after if is_edited else edit.before)
            code, new = codebase(project), codebase(project, folder=Path(folder) / "nothing")
            for root in roots:
                assert code.fingerprint([root]) == new.fingerprint([root])
            code.save()
            shutil.rmtree(project)


def test_threads_that_write_at_once(folder: Path):
    """They share the name of the file that they write to first, as processes of two containers may."""
    projects = [write(folder / str(number), {"flow.py": f"def train(x): return {number}\n"}) for number in range(4)]
    expected = [codebase(project).fingerprint([ROOT]) for project in projects]

    def start(number: int) -> Fingerprint:
        code = codebase(projects[number % 4], folder=folder / "kept")
        code.fingerprint([f"flow:new_{number}"])  # so that there is something to write
        found = code.fingerprint([ROOT])
        code.save()
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(start, range(80))) == expected * 20


@pytest.mark.parametrize("name", ["outlines", "fingerprints"])
@pytest.mark.parametrize("damage", [b"", b"short", None], ids=["empty", "short", "a byte"])
def test_a_damaged_file_costs_time_alone(folder: Path, damage: bytes | None, name: str):
    code = codebase(write(folder, PROJECT))
    before = code.fingerprint([ROOT])
    code.save()
    file = folder.parent / "project.sources" / name
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b"?" if damage is None else damage)
    again = codebase(folder)
    assert again.fingerprint([ROOT]) == before
    assert again.save() is None


def test_a_folder_that_cant_be_written_costs_time_alone(folder: Path, tmp_path: Path):
    (tmp_path / "file").touch()
    code = codebase(write(folder, PROJECT), folder=tmp_path / "file" / "inside")
    assert len(code.fingerprint([ROOT]).tree.nodes) == 5
    assert code.save() is None


def test_the_outlines_that_were_not_used_for_longest_are_let_go(
    folder: Path, parsed: list[bytes], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(kept, "MAX_BYTES", 1_000)
    for number in range(9):
        code = codebase(write(folder, {"flow.py": f"X = {number}\ndef train(x): return x + X\n"}))
        code.fingerprint([ROOT])
        code.save()
    stored = kept.read(folder.parent / "project.sources" / "outlines")
    assert 300 < sum(map(len, stored.values())) <= 1_000
    del parsed[:]
    fingerprint(folder, {"flow.py": "X = 7\ndef train(x): return x + X\n"})
    assert parsed == []
    fingerprint(folder, {"flow.py": "X = 0\ndef train(x): return x + X\n"})
    assert len(parsed) == 1


def test_values_are_asked_at_each_start(folder: Path, loaded: Callable[..., None]):
    write(folder, {"flow.py": READS_LIMIT, "features.py": "LIMIT = f()\n"})
    found: list[Fingerprint] = []
    for value in (1, 2):
        loaded("features", LIMIT=value)
        code = codebase(folder, by_repr)
        found.append(code.fingerprint([ROOT]))
        code.save()
    assert changes(*found) == ["LIMIT in features.py has another value"]
