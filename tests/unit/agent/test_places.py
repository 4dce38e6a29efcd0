"""What a run's code and files come to on another machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from penstock.agent.places import places_for
from penstock.artifacts.folder import FolderStore
from penstock.environments import snapshot
from penstock.errors import DamagedError, PlatformError, StoreError, UsageError
from penstock.executors import far_luggage
from penstock.model import luggage
from penstock.model.luggage import Luggage
from penstock.model.specs import Places, RunSpec


class Home:
    """A project here, a store that both machines see, and an agent's home there."""

    def __init__(self, folder: Path) -> None:
        self.root, self.agent = folder / "here" / "project", folder / "there"
        self.root.mkdir(parents=True)
        self.store = FolderStore(folder / "tier")
        self.write("flows/digits.py", "X = 1\n")
        self.write("flows/parts/tools.py", "Y = 2\n")
        self.write("data/a.csv", "1,2\n")

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def sent(self, *include: str, cwd: Path | None = None, **given: str) -> RunSpec:
        flows = self.root / "flows"
        taken = snapshot.take([flows, self.root], [], self.root / ".penstock" / "sources")
        folders = dict.fromkeys(("store", "scratch", "checkpoints", "logs"), "")
        places = Places(
            **folders,
            cwd=str(cwd or self.root),
            sources=str(taken.file),
            module_path=str(flows / "digits.py"),
            sys_path=(str(flows), *filter(None, sys.path)),
        )
        return far_luggage.send(RunSpec("digits/3", nonce="5f0c"), places, self.root, include, self.store)

    def arrived(self, spec: RunSpec, incarnation: str = "a1") -> Places:
        return places_for(self.store, spec, self.agent, incarnation)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_code_arrives_where_the_module_and_its_imports_are_found(home: Home):
    spec = home.sent()
    there = home.arrived(spec)
    tree = Path(there.cwd)
    assert there.module_path == f"{tree}/flows/digits.py"
    assert there.sys_path == tuple(dict.fromkeys((f"{tree}/flows", *filter(None, sys.path))))
    assert Path(there.module_path).read_text() == "X = 1\n"
    assert (tree / "flows" / "parts" / "tools.py").read_text() == "Y = 2\n"
    assert home.agent in tree.parents
    assert not (tree / "data").exists()


def test_files_that_are_included_arrive_with_their_mode(home: Home):
    home.write("run.sh", "echo\n").chmod(0o755)
    tree = Path(home.arrived(home.sent("data/*.csv", "*.sh")).cwd)
    assert (tree / "data" / "a.csv").read_text() == "1,2\n"
    assert os.access(tree / "run.sh", os.X_OK)
    assert not os.access(tree / "data" / "a.csv", os.X_OK)


def test_a_working_directory_outside_of_the_project_becomes_the_project(home: Home):
    assert home.arrived(home.sent(cwd=home.root.parent)).cwd == home.arrived(home.sent()).cwd
    assert Path(home.arrived(home.sent(cwd=home.root / "flows" / "parts")).cwd).name == "parts"


def test_equal_code_is_unpacked_once_and_other_code_elsewhere(home: Home):
    first = home.arrived(home.sent())
    marked = home.write("unseen", "")
    (Path(first.cwd) / "mark").touch()
    marked.touch()
    again = home.arrived(home.sent(), "a2")
    assert (Path(again.cwd) / "mark").exists()
    assert again.scratch != first.scratch
    assert again.logs != first.logs
    assert (again.checkpoints, again.store) == (first.checkpoints, first.store)
    home.write("flows/digits.py", "X = 2\n")
    other = home.arrived(home.sent())
    assert other.cwd != first.cwd
    assert Path(other.module_path).read_text() == "X = 2\n"


def test_what_was_cut_off_while_it_was_unpacked_is_unpacked_again(home: Home):
    tree = Path(home.arrived(home.sent()).cwd)
    tree.with_name(f"{tree.name}.whole").unlink()
    (tree / "flows" / "digits.py").write_text("X =")
    assert Path(home.arrived(home.sent()).module_path).read_text() == "X = 1\n"


def test_a_run_without_code_has_places_all_the_same(home: Home):
    there = home.arrived(RunSpec("digits/3", nonce="5f0c"))
    assert there.module_path == ""
    assert Path(there.cwd).is_dir()


def test_a_pattern_that_finds_nothing_is_refused(home: Home):
    with pytest.raises(UsageError, match=r"include: 'data/\*.txt' finds no file below .*correct it in penstock.toml"):
        home.sent("data/*.txt")
    with pytest.raises(UsageError, match="include: '/etc/passwd' is no pattern of files below"):
        home.sent("/etc/passwd")


def test_too_much_is_refused_and_its_largest_named(home: Home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(far_luggage, "MOST_BYTES", 5)
    large = home.write("data/b.csv", "12345678")
    with pytest.raises(
        UsageError, match=rf"finds 12 bytes, and at most 5 bytes go with a run; the largest is {large}: have"
    ):
        home.sent("data/*")


def test_code_that_is_gone_or_damaged_or_leads_outside_is_refused(home: Home):
    with pytest.raises(StoreError):
        home.arrived(home.sent()._replace(luggage=(b"\x01" + bytes(32), 3)))
    with pytest.raises(DamagedError, match="the code of digits/3 can't be read here: "):
        home.arrived(home.sent()._replace(luggage=home.store.put(b"damaged")))
    for path in ("../outside.py", "/outside.py"):
        packed = luggage.packed(Luggage(luggage.FORMAT, ((path, b""),)))
        with pytest.raises(DamagedError, match=rf"names a file outside of its folder: {path}"):
            home.arrived(RunSpec("digits/3", luggage=home.store.put(packed)))


def test_a_home_that_cant_be_written_is_told_with_what_helps(home: Home):
    home.agent.write_text("")
    with pytest.raises(PlatformError, match=r"can't write to the agent's folder .*set PENSTOCK_AGENT_HOME"):
        home.arrived(home.sent())
