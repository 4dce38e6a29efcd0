"""gc and du on environments that uv has built: kept runs find theirs, others' go, and nothing disturbs who uses one."""

from __future__ import annotations

import random
import signal
import sys
from pathlib import Path

import pytest

from penstock.environments import built_environments, kits, marks
from penstock.environments.built_environments import Entry
from tests.recorded import Recorded
from tests.spacious import DAY_S, Spacious, run_ids
from tests.system.flows import Project
from tests.system.test_space import DYING, told
from tests.wheels import wheel

LIB = """
    @step(packages=["lib=={version}"], find_links=["wheels"])
    def there(n):
        import lib
        note("there", n)
        await_file("go")
        if n > 1 and not os.path.exists("mended"):
            raise ValueError(n)
        return lib.VERSION, n

    @flow
    def main(n: int = 1):
        return there(n)
"""


@pytest.fixture
def lib(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with wheels of `lib` 1.0 and 2.0; no index is asked."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    for version in ("1.0", "2.0"):
        wheel(project.folder / "wheels", "lib", version, size=100_000)
    project.write(LIB.format(version="1.0"))
    project.touch("go")
    return project


def home_of(project: Project) -> Path:
    return project.folder / ".penstock"


def entries(project: Project) -> dict[str, Entry]:
    """The environments that are whole, by the version of lib."""
    found = built_environments.listed(home_of(project) / "environments")
    return {dict(entry.packages)["lib"]: entry for entry in found if entry.is_whole}


def test_a_removed_run_s_environment_goes_and_a_kept_one_s_resume_finds_its_own(lib: Project) -> None:
    assert lib.run().value() == ["1.0", 1]
    lib.write(LIB.format(version="2.0"))
    assert lib.run(n=2).status == "failed"
    used = told(lib, "du")
    assert [one["packages"]["lib"] for one in used["environments"]] == ["2.0", "1.0"]
    assert [one["runs"] for one in used["environments"]] == [1, 1]
    assert next(part["bytes"] for part in used["parts"] if part["what"].startswith("environments")) > 200_000

    dry, old = told(lib, "gc", "--keep-last", "1"), entries(lib)["1.0"]
    assert set(entries(lib)) == {"1.0", "2.0"}
    done = told(lib, "gc", "--keep-last", "1", "--yes")
    assert dry | {"removed": True} == done | {"journal_bytes": 0}
    assert [one["id"] for one in done["environments"]] == [old.name]
    assert sum(pile["bytes"] for pile in done["piles"] if pile["what"] == "environments") == old.frees_bytes
    assert set(entries(lib)) == {"2.0"}
    assert lib.rows("SELECT digest FROM environment") == [(entries(lib)["2.0"].digest,)]

    lib.touch("mended")
    code, output = lib.penstock("resume", "main/2")
    assert (code, "builds" in output) == (0, False), output
    told(lib, "gc", "--keep-last", "0", "--yes")
    assert entries(lib) == {}
    lib.write(LIB.format(version="1.0"))
    assert lib.run().value() == ["1.0", 1], "what was removed is built again"


def test_an_environment_that_was_built_ahead_stays_for_its_first_run(lib: Project) -> None:
    assert lib.penstock("env", "build", "mine.py")[0] == 0
    code, output = lib.penstock("gc", "--yes")
    assert code == 0, output
    assert "1 environment that no run has was used within 7 d 0 h, and stays" in output
    assert set(entries(lib)) == {"1.0"}
    assert "builds" not in lib.penstock("run", "mine.py")[1]


def test_gc_in_a_loop_beside_runs_takes_nothing_of_theirs(lib: Project) -> None:
    everything = ("gc", "--keep-last", "0", "--older-than", "0s", "--yes")
    (lib.folder / "go").unlink()
    going_on = lib.spawn()
    lib.await_note("there 1")
    (kit,) = (home_of(lib) / "environments" / "kits").iterdir()
    assert not kits.take_away(kit), "its workers import from it"
    for _ in range(3):
        told(lib, *everything)
        assert set(entries(lib)) == {"1.0"}
    lib.touch("go")
    assert going_on.join().value() == ["1.0", 1]

    lib.write(LIB.format(version="2.0"))
    for _ in range(4):  # each builds its own, since the former's may be gone
        starting = lib.spawn()
        while starting.process.poll() is None:
            told(lib, *everything)
        assert starting.join().value() == ["2.0", 1]
    told(lib, *everything)
    assert entries(lib) == {}


def test_gcs_at_once_free_all_of_it(lib: Project) -> None:
    assert lib.run().value() == ["1.0", 1]
    command = [str(Path(sys.executable).with_name("penstock")), "gc", "--keep-last", "0", "--yes"]
    for gc in [lib.popen(command) for _ in range(3)]:
        output, _ = gc.communicate(timeout=60)
        assert gc.returncode == 0, output
    assert entries(lib) == {}
    assert {path.name for path in (home_of(lib) / "environments").iterdir()} == {"kits", "locks"}


def test_gc_that_is_killed_anywhere_leaves_environments_whole_or_marked_as_not(project: Project) -> None:
    chance = random.Random(5)
    recorded = Recorded(project.folder)
    spacious = Spacious(recorded)
    folder = spacious.home / "environments"
    for number in range(12):
        run = spacious.run(tags=("best",) if number % 4 == 0 else (), logs=10)
        spacious.environment(f"{number}", runs=[run])
        spacious.kept_lock(f"{number}", asked_s=9 * DAY_S)
    for place in folder.glob("*-py*"):
        for name in range(8):  # whatever the order in which a folder's entries go
            (place / f"{name}").mkdir()
            (place / f"{name}" / "file").write_bytes(bytes(10))
    recorded.close()
    command = ["gc", "--keep-last", "0", "--keep-tag", "best", "--yes"]

    counts: list[int] = []  # of whole environments, after each
    for _ in range(60):
        dying = project.popen([sys.executable, "-c", DYING, str(chance.randrange(1, 60)), *command])
        output, _ = dying.communicate(timeout=60)
        if dying.returncode == 0:
            break
        assert dying.returncode == -signal.SIGKILL, output
        whole = [entry for entry in built_environments.listed(folder) if entry.is_whole]
        assert all(len(list(Path(entry.folder).glob("*/*"))) == 9 for entry in whole)
        assert len(whole) >= 3
        counts.append(len(whole))
    else:
        raise AssertionError("it never comes to an end")
    assert len(set(counts)) > 3  # they died among the environments
    assert run_ids(spacious.home) == {"digits/1", "digits/5", "digits/9"}
    assert len(list(folder.glob("*-py*"))) == len(list(folder.glob(f"*/{marks.NAME}"))) == 3
    assert sorted(path.name for path in (folder / "locks").iterdir()) == ["wish-0.txt", "wish-4.txt", "wish-8.txt"]
    assert told(project, *command)["bytes"] == 0
