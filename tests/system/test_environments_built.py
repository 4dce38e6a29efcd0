"""Environments resolved and built by the real uv, with real interpreters and packages."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.environments import builds, built_environments, locking, locks, marks, uv
from penstock.errors import PenstockError, PlatformError, UsageError
from penstock.model.environments import Environment
from tests import uv_settings
from tests.wheels import wheel

INTERPRETERS = [("3.9", "python3.9"), ("3.10", "python3.10"), ("3.12", "python3.12"), ("pypy3.9", "pypy3")]
BUILDER = """
import os, sys
from pathlib import Path
from penstock.environments import builds, locks
from penstock.model.environments import Environment
folder, word = Path(sys.argv[1]), sys.argv[2]
def tell(line):
    print(line, flush=True)
    if word and word in line:
        os.kill(os.getpid(), 9)
lock = locks.resolve(Environment(("lib",), find_links=(sys.argv[3],)), folder, tell)
print("built", builds.build(lock, folder, tell).python, flush=True)
"""


@pytest.fixture(scope="session", autouse=True)
def _index() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in uv_settings.of_pip().items():
            patch.setenv(name, value)
        yield


class Place:
    """A folder of environments, and what was told while something was asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[str] = []

    def resolve(self, environment: Environment, *, again: bool = False) -> locks.Lock:
        self.told.clear()
        return locks.resolve(environment, self.folder, self.told.append, again=again)

    def build(self, environment: Environment) -> builds.Built:
        lock = self.resolve(environment)
        return builds.build(lock, self.folder, self.told.append)

    def refusal(self, environment: Environment) -> str:
        """What a user reads where the wish can't be met."""
        with pytest.raises(UsageError) as caught:
            self.build(environment)
        return str(caught.value)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.name != "locks")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "environments")


@pytest.fixture
def lib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An environment of a wheel that lies in a folder: no index is asked."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    wheel(tmp_path / "wheels", "lib", "1.0")
    return Environment(("lib",), find_links=(str(tmp_path / "wheels"),))


def ask(python: str, code: str) -> str:
    return subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def forbid_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)


# Resolving


@pytest.mark.parametrize(("python", "program"), INTERPRETERS)
def test_each_interpreter_gets_its_packages(
    place: Place, interpreter: Callable[[str], Path], python: str, program: str
) -> None:
    interpreter(program)
    environment = Environment(("six==1.16.0", "iniconfig<2.1", "tomli; python_version < '3.11'"), python)
    lock = place.resolve(environment)
    assert lock.python == python
    assert ("six", "1.16.0") in lock.packages
    assert ("tomli" in dict(lock.packages)) == (python != "3.12")
    assert all("--hash=sha256:" in block for block in lock.text.split("\n\n")[1].replace("\\\n", "").splitlines())
    built = builds.build(lock, place.folder, place.told.append)
    code = "import six, iniconfig, sys; print('%d.%d' % sys.version_info[:2], six.__version__, sys.prefix)"
    assert ask(built.python, code).split() == [python.removeprefix("pypy"), "1.16.0", built.folder]
    assert list(Path(built.folder).rglob("six.*.pyc")), "bytecode is made when it is built"


def test_the_flow_s_own_python_without_packages(place: Place) -> None:
    built = place.build(Environment())
    assert ask(built.python, "import sys; print(sys.version)") == ask(sys.executable, "import sys; print(sys.version)")
    assert os.path.realpath(built.python) == os.path.realpath(sys.executable)


def test_what_is_kept_starts_no_process(place: Place, lib: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, built = place.resolve(lib), place.build(lib)
    forbid_processes(monkeypatch)
    assert (place.resolve(lib), place.build(lib)) == (lock, built)
    assert place.told == []
    assert locks.parse(lock.text) == lock


def test_a_new_version_is_taken_where_it_is_asked_anew(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = tmp_path / "wheels"
    wheel(wheels, "lib", "1.0")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    first = place.resolve(Environment(("lib",)))
    wheel(wheels, "lib", "2.0")
    assert place.resolve(Environment(("lib",))) == first
    again = place.resolve(Environment(("lib",)), again=True)
    assert again.packages == (("lib", "2.0"),)
    assert place.resolve(Environment(("lib",))) == again
    built = builds.build(first, place.folder, place.told.append)
    assert ask(built.python, "import lib; print(lib.VERSION)") == "1.0"


def test_an_edited_file_is_resolved_anew_and_the_same_versions_are_not_built_anew(
    place: Place, lib: Environment, tmp_path: Path
) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("lib\n")
    environment = lib._replace(packages=(), requirements=str(file))
    built = place.build(environment)
    file.write_text("lib  # a word\n")
    assert place.build(environment) == built
    assert [line for line in place.told if "builds" in line] == []
    wheel(tmp_path / "wheels", "lib", "2.0")
    file.write_text("lib>=2\n")
    assert place.resolve(environment).packages == (("lib", "2.0"),)


def test_constraints_bound_and_ask_for_nothing(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "constraints.txt"
    file.write_text("iniconfig<2\npackaging==24.0\n")
    lock = place.resolve(Environment(("iniconfig",), constraints=(str(file),)))
    assert dict(lock.packages)["iniconfig"].startswith("1.")
    assert "packaging" not in dict(lock.packages)


def test_hashes_that_the_user_demands_hold(place: Place, lib: Environment, tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"lib==1.0 --hash=sha256:{'0' * 64}\n")
    environment = lib._replace(packages=(), requirements=str(file))
    assert "0" * 64 in place.resolve(environment).text
    text = place.refusal(environment)
    assert "Hash mismatch" in text
    assert "What lies there is not what was locked, or demanded with --hash." in text
    assert place.names() == []


def test_an_archive_that_changed_since_it_was_locked_is_refused(
    place: Place, lib: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = place.resolve(lib)
    wheel(tmp_path / "wheels", "lib", "1.0", body="EVIL = True\n")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))  # uv still has the one that was locked
    with pytest.raises(UsageError, match="Hash mismatch"):
        builds.build(lock, place.folder, place.told.append)


def test_a_project_with_a_uv_lock_is_taken_as_it_is_locked(
    place: Place, tmp_path: Path, interpreter: Callable[[str], Path]
) -> None:
    interpreter("python3.10")
    project = tmp_path / "project"
    project.mkdir()
    head = "[project]\nname = 'mine'\nversion = '1'\nrequires-python = '>=3.9'\n"
    needs = "dependencies = ['six==1.16.0', 'tomli; python_version < \"3.11\"']\n"
    (project / "pyproject.toml").write_text(f"{head}{needs}[dependency-groups]\ndev = ['iniconfig']\n")
    loose = place.resolve(Environment(pyproject=str(project), python="3.10"))
    assert [name for name, _ in loose.packages] == ["six", "tomli"]
    subprocess.run([uv.find(), "lock", "--quiet", "--project", str(project)], check=True)
    lock = place.resolve(Environment(("packaging==24.0",), pyproject=str(project), python="3.10"))
    assert [name for name, _ in lock.packages] == ["packaging", "six", "tomli"]
    text = (project / "uv.lock").read_text()
    hashes = [part.partition('"')[0] for part in text.split("sha256:")[1:]]
    pins = lock.text.split("\n\n")[1]
    six = pins[pins.index("six==") : pins.index("tomli==")]
    assert all(part.split()[0] in hashes for part in six.split("sha256:")[1:])
    assert place.resolve(Environment(pyproject=str(project), python="3.12")).packages == (("six", "1.16.0"),)


def test_what_has_no_hash_is_refused(place: Place, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text("[project]\nname = 'mine'\nversion = '1'\n")
    (project / "setup.py").touch()
    assert place.refusal(Environment((str(project),))) == (
        f"can't lock {project}: a folder or a repository has no hash that says what is in it. Build a wheel of it, "
        "as with `uv build --wheel`, and name the wheel's folder in find_links"
    )


def test_a_secret_in_an_index_comes_from_the_process_s_environment(
    place: Place, lib: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOLDER", "wheels")
    environment = lib._replace(find_links=(f"file://{tmp_path}/${{FOLDER}}",))
    lock = place.resolve(environment)
    assert f"--find-links file://{tmp_path}/${{FOLDER}}\n" in lock.text
    assert ask(place.build(environment).python, "import lib; print(lib.VERSION)") == "1.0"


# Wishes that can't be met


def test_a_package_that_does_not_exist(place: Place) -> None:
    assert place.refusal(Environment(("penstock-has-no-such-package",))) == (
        "can't resolve the environment: No solution found when resolving dependencies\n"
        "  Because penstock-has-no-such-package was not found in the package registry and you require "
        "penstock-has-no-such-package, we can conclude that your requirements are unsatisfiable.\n"
        "Mend what the environment asks for"
    )


def test_two_packages_that_conflict(place: Place, lib: Environment, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "penstockother", "1.0", requires="lib>=2")
    text = place.refusal(lib._replace(packages=("lib==1.0", "penstockother")))
    assert "Because all versions of penstockother depend on lib>=2 and you require lib==1.0" in text.replace("\n ", "")
    assert text.endswith("your requirements are unsatisfiable.\nMend what the environment asks for")


def test_an_interpreter_that_is_missing(place: Place) -> None:
    assert place.refusal(Environment(python="3.99")) == (
        "can't find Python 3.99: No interpreter found for Python 3.99 in managed installations or search path\n"
        "Install it, or name another one; `uv python list` shows those that there are"
    )
    assert place.refusal(Environment(python="/no/python")).startswith("can't find Python /no/python: ")


def test_no_uv(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    text = "environments for steps need uv, which is not installed: pip install 'penstock[env]'"
    assert place.refusal(Environment()) == text


def test_uv_on_path_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "uv").symlink_to(uv.find())
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert uv.find() == str(tmp_path / "uv")


def test_no_network(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("UV_INDEX", raising=False)
    text = place.refusal(Environment(("six",), indexes=("http://127.0.0.1:9/simple",)))
    assert text == (
        "can't resolve the environment: http://127.0.0.1:9/simple/six/ can't be reached: "
        "Connection refused (os error 111)\n"
        "Check the network, or name an index that can be reached, as with UV_DEFAULT_INDEX"
    )


# Building


def start(place: Place, tmp_path: Path, word: str = "", **environ: str) -> subprocess.Popen[str]:
    """A process that builds; it kills itself when it tells a line with that word."""
    command = [sys.executable, "-c", BUILDER, str(place.folder), word, str(tmp_path / "wheels")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environ})


def slow_uv(tmp_path: Path) -> str:
    """A PATH-like folder for a uv that waits after it has installed, until a file is there."""
    folder = tmp_path / "slow"
    folder.mkdir()
    script = f'#!/bin/sh\n"{uv.find()}" "$@" || exit $?\n'
    script += 'case "$2" in sync) touch "$0.began"; while [ ! -e "$0.go" ]; do sleep 0.02; done; esac\n'
    (folder / "uv").write_text(script)
    (folder / "uv").chmod(0o755)
    (folder / "uv.py").write_text(f"def find_uv_bin():\n    return {str(folder / 'uv')!r}\n")
    return str(folder)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.01)


@pytest.mark.usefixtures("lib")
def test_processes_that_ask_at_once_build_once(place: Place, tmp_path: Path) -> None:
    processes = [start(place, tmp_path) for _ in range(3)]
    told = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sum(one.count(": builds Python") for one in told) == 1
    assert sum(one.count("resolves packages") for one in told) == 1
    assert len({one.splitlines()[-1] for one in told}) == 1
    assert len(place.names()) == 1, "neither locks nor anything unfinished is left"


def test_threads_that_ask_at_once_build_once(place: Place, lib: Environment) -> None:
    from concurrent.futures import ThreadPoolExecutor

    told: list[str] = []

    def build(_: int) -> builds.Built:
        return builds.build(locks.resolve(lib, place.folder, told.append), place.folder, told.append)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(build, range(4)))) == 1
    assert len([line for line in told if ": builds Python" in line]) == 1


@pytest.mark.parametrize("word", ["builds Python", "Resolved 1 package", "Installed"])
def test_a_builder_that_is_killed_leaves_nothing_that_is_taken_for_whole(
    place: Place, lib: Environment, tmp_path: Path, word: str
) -> None:
    place.resolve(lib)
    killed = start(place, tmp_path, word)
    assert word in killed.communicate(timeout=60)[0]
    assert killed.returncode == -signal.SIGKILL
    assert not [entry for entry in built_environments.listed(place.folder) if entry.is_whole]
    built = place.build(lib)
    assert ask(built.python, "import lib; print(lib.VERSION)") == "1.0"
    assert any("builds Python" in line for line in place.told)
    assert any("was not built to its end: builds it anew" in line for line in place.told) == (word != "builds Python")


def test_what_a_killed_builder_left_running_ends_before_the_next_begins(
    place: Place, lib: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Path(slow_uv(tmp_path))
    process = start(place, tmp_path, PYTHONPATH=str(slow))
    wait_for(slow / "uv.began")
    process.kill()
    process.communicate()
    next_one = start(place, tmp_path)
    assert next_one.stdout is not None
    assert "waits for another process that builds it" in next_one.stdout.readline()
    assert next_one.poll() is None
    (slow / "uv.go").touch()
    assert "was not built to its end: builds it anew" in next_one.communicate(timeout=60)[0]
    assert next_one.returncode == 0
    monkeypatch.delenv("UV_OFFLINE")
    assert place.build(lib).lock == place.resolve(lib).digest


def test_a_full_disk(place: Place, tmp_path: Path, mounted: Callable[[str], Path], lib: Environment) -> None:
    wheel(tmp_path / "wheels", "large", "1.0", size=3_000_000)
    lock = place.resolve(lib._replace(packages=("large",)))
    disk = mounted("size=1m")
    with pytest.raises(PlatformError) as caught:
        builds.build(lock, disk, place.told.append)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(f"can't build the environment {lock.digest[3:15]}: ")
    assert any("No space left on device" in line and str(disk) in line for line in lines)
    assert lines[-1] == "Free some space there: `penstock gc`, `uv cache clean`"
    assert list(disk.iterdir()) == []
    mounted("size=9m")
    assert ask(builds.build(lock, disk, place.told.append).python, "import large; print(large.VERSION)") == "1.0"


@pytest.mark.parametrize("room", ["8k", "20k", "80k"])
def test_a_disk_that_is_full_before_anything_is_installed(
    place: Place, mounted: Callable[[str], Path], lib: Environment, room: str
) -> None:
    disk = mounted(f"size={room}")
    with pytest.raises(PlatformError, match="No space left on device"):
        builds.build(place.resolve(lib), disk, place.told.append)
    assert not list(disk.glob(f"*/{marks.NAME}"))


def test_a_folder_that_cannot_be_written(mounted: Callable[[str], Path], lib: Environment, tmp_path: Path) -> None:
    disk = mounted("size=1m")
    place = Place(disk / "environments")
    lock, built = place.resolve(lib), place.build(lib)
    mounted("ro")
    assert (place.resolve(lib), place.build(lib)) == (lock, built), "what is there can be used"
    wheel(tmp_path / "wheels", "penstockother", "1.0")
    with pytest.raises(PlatformError, match=r"can't write to .*/environments/locks: Read-only file system"):
        place.resolve(lib._replace(packages=("penstockother",)))


def _without_package(folder: Path) -> str:
    shutil.rmtree(next(folder.glob("lib/*/site-packages/lib")))
    return "lib is gone"


def _without_packages(folder: Path) -> str:
    shutil.rmtree(folder / "lib")
    return "its packages are gone"


def _truncated_mark(folder: Path) -> str:
    os.truncate(folder / marks.NAME, 50)
    return "was not built to its end"


def _without_python(folder: Path) -> str:
    (folder / "bin" / "python").unlink()
    return "its interpreter is gone"


def _python_elsewhere(folder: Path) -> str:
    (folder / "bin" / "python").unlink()
    (folder / "bin" / "python").symlink_to("/bin/sh")
    return "its interpreter has changed"


def _without_settings(folder: Path) -> str:
    (folder / "pyvenv.cfg").unlink()
    return "pyvenv.cfg is gone"


def _python_updated(folder: Path) -> str:
    text = (folder / marks.NAME).read_text()
    size = os.stat(folder / "bin" / "python").st_size
    (folder / marks.NAME).write_text(text.replace(f" {size},", f" {size - 1},"))
    return "its interpreter has changed"


@pytest.mark.parametrize(
    "damage",
    [
        _without_package,
        _without_packages,
        _truncated_mark,
        _without_python,
        _python_elsewhere,
        _python_updated,
        _without_settings,
    ],
)
def test_a_damaged_environment_is_built_anew_with_a_word(
    place: Place, lib: Environment, damage: Callable[[Path], str]
) -> None:
    built = place.build(lib)
    word = damage(Path(built.folder))
    assert place.build(lib) == built
    assert f"environment {built.lock[3:15]}: {word}: builds it anew" in place.told
    assert ask(built.python, "import lib; print(lib.VERSION)") == "1.0"
    place.build(lib)
    assert place.told == []


def test_what_is_damaged_inside_a_package_is_found_when_asked_and_built_anew(place: Place, lib: Environment) -> None:
    folder = Path(place.build(lib).folder)
    module = next(folder.glob("lib/*/site-packages/lib/__init__.py"))
    assert marks.inspect(folder) == ""
    os.truncate(module, 3)
    place.build(lib)
    assert place.told == []  # nobody has asked
    assert marks.inspect(folder) == "lib/__init__.py has changed"
    place.build(lib)
    assert any("lib/__init__.py has changed: builds it anew" in line for line in place.told)
    assert marks.inspect(folder) == ""
    shutil.rmtree(module.parent)
    module.parent.write_text("no folder")
    assert marks.inspect(folder) in {"lib/__init__.py is gone", "lib/data.bin is gone"}
    (folder / marks.NAME).unlink()
    assert marks.inspect(folder) == ""


def test_a_file_that_two_packages_bring_is_no_damage(place: Place, tmp_path: Path, lib: Environment) -> None:
    for name in ("one", "two"):
        path = wheel(tmp_path / "wheels", name, "1.0")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("tests/__init__.py", f"# of {name}\n" * (3 if name == "one" else 5))
    built = place.build(lib._replace(packages=("one", "two")))
    assert marks.inspect(Path(built.folder)) == ""


def test_one_that_is_damaged_inside_stays_while_a_run_uses_it(place: Place, lib: Environment) -> None:
    built = place.build(lib)
    folder = Path(built.folder)
    module = next(folder.glob("lib/*/site-packages/lib/__init__.py"))
    module.write_text("")
    held = locking.share(folder / marks.NAME)
    assert marks.inspect(folder) == "lib/__init__.py has changed"
    assert place.build(lib) == built
    (told,) = place.told
    assert told.endswith(": lib/__init__.py has changed, and a run uses it: it stays as it is until none does")
    assert module.read_text() == ""
    os.close(held)
    place.build(lib)
    assert "VERSION" in module.read_text()


def test_where_nothing_can_be_noted_nothing_is_said(
    place: Place, lib: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(place.build(lib).folder)

    def refuse(*_: object) -> None:
        raise PlatformError("can't write")

    monkeypatch.setattr(locking, "alone", refuse)
    assert marks.inspect(folder) == ""


def test_an_environment_that_is_being_built_is_not_inspected(place: Place, lib: Environment) -> None:
    folder = Path(place.build(lib).folder)
    next(folder.glob("lib/*/site-packages/lib/__init__.py")).unlink()
    with locking.alone(folder.with_name(f"{folder.name}.lock"), None):
        assert marks.inspect(folder) == ""
    assert marks.inspect(folder) == "lib/__init__.py is gone"


def test_progress_is_told(place: Place, lib: Environment) -> None:
    place.build(lib)
    assert [line.rpartition(" in ")[0] or line for line in place.told] == [
        f"resolves packages for Python {sys.version_info[0]}.{sys.version_info[1]}",
        "Resolved 1 package",
        *(
            f"environment {place.resolve(lib).digest[3:15]}: {line}"
            for line in (
                f"builds Python {sys.version_info[0]}.{sys.version_info[1]} with 1 package",
                "Resolved 1 package",
                "Installed 1 package",
                "Bytecode compiled 1 file",
            )
        ),
    ]


# The environments that were built


def test_environments_are_listed_and_removed(place: Place, lib: Environment, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "penstockother", "1.0", size=100_000)
    one, two = place.build(lib), place.build(lib._replace(packages=("penstockother",)))
    os.utime(Path(one.folder, marks.NAME), (1_000_000_000, 1_000_000_000))
    entries = built_environments.listed(place.folder)
    assert [entry.digest for entry in entries] == [two.lock, one.lock]
    assert entries[0].packages == (("penstockother", "1.0"),)
    assert entries[0].python == ".".join(map(str, sys.version_info[:3]))
    assert entries[1].used_at == 1_000_000_000
    assert abs(entries[1].built_at - time.time()) < 60
    assert entries[0].size_bytes > entries[1].size_bytes + 90_000
    assert 0 < entries[0].frees_bytes <= entries[0].size_bytes
    assert all(entry.is_whole and not entry.in_use for entry in entries)
    place.build(lib)
    assert built_environments.listed(place.folder)[0].digest == one.lock, "used now"
    assert built_environments.remove(place.folder, one.lock[:9]).digest == one.lock
    assert built_environments.remove(place.folder, two.lock[3:9]).digest == two.lock
    assert place.names() == []


def test_a_kept_lock_that_is_dropped_is_resolved_anew(place: Place, lib: Environment) -> None:
    lock = place.resolve(lib)
    (file,) = locks.kept(place.folder, set())
    assert list(locks.kept(place.folder, {file.stem})) == []
    os.utime(file, (1_000_000_000, 1_000_000_000))
    place.resolve(lib)
    assert abs(file.stat().st_mtime - time.time()) < 60, "used now"
    file.unlink()
    assert place.resolve(lib) == lock
    assert "Resolved" in place.told[1]


def test_an_environment_in_use_stays(place: Place, lib: Environment) -> None:
    with built_environments.held(place.resolve(lib), place.folder, place.told.append) as built:
        assert [entry.in_use for entry in built_environments.listed(place.folder)] == [True]
        with pytest.raises(UsageError, match=r"is in use: end the run that uses it, or wait for it"):
            built_environments.remove(place.folder, built.lock)
    built_environments.remove(place.folder, built.lock)
    assert place.names() == []


def test_an_environment_that_is_removed_before_it_is_held_is_built_anew(
    place: Place, lib: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, build = place.resolve(lib), builds.build

    def build_and_lose(*arguments: Any) -> builds.Built:
        monkeypatch.setattr(builds, "build", build)
        built = build(*arguments)
        built_environments.remove(place.folder, built.lock)
        return built

    monkeypatch.setattr(builds, "build", build_and_lose)
    with built_environments.held(lock, place.folder, place.told.append) as built:
        assert ask(built.python, "import lib; print(lib.VERSION)") == "1.0"


def test_an_environment_that_was_used_since_it_was_listed_stays(place: Place, lib: Environment) -> None:
    place.build(lib)
    (entry,) = built_environments.listed(place.folder)
    os.utime(Path(entry.folder, marks.NAME))
    assert not built_environments.take_away(entry)
    (entry,) = built_environments.listed(place.folder)
    assert entry.is_whole
    assert built_environments.take_away(entry)
    assert built_environments.take_away(entry), "it is gone"


def test_an_environment_that_is_being_built_is_listed_as_such_and_stays(
    place: Place, lib: Environment, tmp_path: Path
) -> None:
    slow = Path(slow_uv(tmp_path))
    process = start(place, tmp_path, PYTHONPATH=str(slow))
    wait_for(slow / "uv.began")
    (entry,) = built_environments.listed(place.folder)
    assert (entry.is_whole, entry.in_use, entry.packages) == (False, True, ())
    with pytest.raises(UsageError, match="is in use"):
        built_environments.remove(place.folder, entry.digest)
    (slow / "uv.go").touch()
    process.communicate(timeout=60)
    assert [(entry.is_whole, entry.in_use) for entry in built_environments.listed(place.folder)] == [(True, False)]
    assert place.build(lib).lock.startswith(f"b3-{entry.digest}")


def test_errors_survive_pickling(place: Place) -> None:
    import pickle

    with pytest.raises(PenstockError) as caught:
        place.build(Environment(python="3.99"))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


# What a user pins holds, or is refused


def pinned(tmp_path: Path, text: str) -> Environment:
    """What a requirements file asks for, of the wheels beside it."""
    (tmp_path / "requirements.txt").write_text(text)
    return Environment(requirements=str(tmp_path / "requirements.txt"), find_links=(str(tmp_path / "wheels"),))


def sha256(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


@pytest.mark.parametrize(
    "line", ["{wheel}", "./wheels/{wheel.name}", "lib @ file://{wheel}", "lib", "LIB == 1 ; python_version > '3'"]
)
def test_a_hash_that_is_demanded_holds_however_the_package_is_named(
    place: Place, lib: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    archive = tmp_path / "wheels" / "lib-1.0-py3-none-any.whl"
    written = line.format(wheel=archive)
    assert "Hash mismatch" in place.refusal(pinned(tmp_path, f"{written} --hash=sha256:{'0' * 64}\n"))
    built = place.build(pinned(tmp_path, f"{written} --hash={sha256(archive)}\n"))
    assert ask(built.python, "import lib; print(lib.VERSION)") == "1.0"


def test_hashes_hold_whatever_is_set_for_uv(
    place: Place, lib: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_NO_VERIFY_HASHES", "1")
    assert "Hash mismatch" in place.refusal(pinned(tmp_path, f"lib==1.0 --hash=sha256:{'0' * 64}\n"))


def test_require_hashes_asks_for_the_hash_of_each_package(place: Place, lib: Environment, tmp_path: Path) -> None:
    archive = wheel(tmp_path / "wheels", "penstockother", "1.0", requires="lib")
    text = f"--require-hashes\npenstockother==1.0 --hash={sha256(archive)}\n"
    refused = place.refusal(pinned(tmp_path, text))
    assert refused == f"{tmp_path}/requirements.txt:1: --require-hashes, and lib==1.0 has no --hash"
    whole = f"{text}lib==1.0 --hash={sha256(tmp_path / 'wheels' / 'lib-1.0-py3-none-any.whl')}\n"
    assert [name for name, _ in place.resolve(pinned(tmp_path, whole)).packages] == ["lib", "penstockother"]


def test_a_prerelease_is_taken_where_the_file_says_so(place: Place, lib: Environment, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "lib", "2.0rc1")
    assert place.resolve(pinned(tmp_path, "lib\n")).packages == (("lib", "1.0"),)
    assert place.resolve(pinned(tmp_path, "--pre\nlib\n")).packages == (("lib", "2.0rc1"),)


def test_a_pin_that_is_overridden_is_refused_with_its_place(
    place: Place, lib: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(tmp_path / "wheels", "lib", "2.0")
    overrides = tmp_path / "overrides.txt"
    overrides.write_text("lib==2.0\n")
    monkeypatch.setenv("UV_OVERRIDE", str(overrides))
    said = "lib==1.0 is asked for, and uv's settings make it 2.0: look for overrides"
    assert place.refusal(pinned(tmp_path, "\nlib==1.0\n")).startswith(f"{tmp_path}/requirements.txt:2: {said}")
    assert place.refusal(lib._replace(packages=("lib==1.0",))).startswith(f"packages='lib==1.0': {said}")
    assert place.resolve(lib).packages == (("lib", "2.0"),), "what is not pinned follows the override"


def test_a_lock_is_not_kept_where_a_setting_of_uv_has_changed(
    place: Place, lib: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(tmp_path / "wheels", "lib", "2.0")
    assert place.resolve(lib).packages == (("lib", "2.0"),)
    bounds = tmp_path / "bounds.txt"
    bounds.write_text("lib<2\n")
    monkeypatch.setenv("UV_CONSTRAINT", str(bounds))
    assert place.resolve(lib).packages == (("lib", "1.0"),)


@pytest.mark.parametrize("key", ["constraint-dependencies = ['lib<2']", "override-dependencies = ['lib==1.0']"])
def test_a_project_s_own_bounds_and_overrides_hold(place: Place, lib: Environment, tmp_path: Path, key: str) -> None:
    wheel(tmp_path / "wheels", "lib", "2.0")
    project = tmp_path / "project"
    project.mkdir()
    head = "[project]\nname = 'mine'\nversion = '1'\ndependencies = ['lib']\n"
    (project / "pyproject.toml").write_text(f"{head}[tool.uv]\nfind-links = ['../wheels']\n")
    assert place.resolve(Environment(pyproject=str(project))).packages == (("lib", "2.0"),)
    (project / "pyproject.toml").write_text(f"{head}[tool.uv]\nfind-links = ['../wheels']\n{key}\n")
    assert place.resolve(Environment(pyproject=str(project))).packages == (("lib", "1.0"),)


@pytest.mark.parametrize("locked", [False, True])
def test_a_project_for_another_python_is_refused(place: Place, lib: Environment, tmp_path: Path, locked: bool) -> None:
    project = tmp_path / "project"
    project.mkdir()
    text = "[project]\nname = 'mine'\nversion = '1'\nrequires-python = '<3.9'\ndependencies = ['lib']\n"
    (project / "pyproject.toml").write_text(f"{text}[tool.uv]\nfind-links = ['../wheels']\n")
    if locked:
        (project / "uv.lock").write_text(
            "version = 1\nrevision = 3\nrequires-python = '<3.9'\n[[package]]\nname = 'mine'\nversion = '1'\n"
            "source = { virtual = '.' }\n[package.metadata]\nrequires-dist = [{ name = 'lib' }]\n"
        )
    refused = place.refusal(Environment(pyproject=str(project)))
    assert "requires-python = '<3.9'" in refused, refused


def test_a_version_of_python_that_is_bounded_by_its_patch_is_locked_to_it(
    place: Place, lib: Environment, interpreter: Callable[[str], Path]
) -> None:
    version = ask(str(interpreter("python3.10")), "import platform; print(platform.python_version())")
    lock = place.resolve(lib._replace(python=f"=={version}"))
    assert lock.python == version
    assert (
        ask(place.build(lib._replace(python=f"=={version}")).python, "import sys; print(sys.version.split()[0])")
        == version
    )


def test_an_interpreter_that_is_another_one_now_is_asked_anew(
    place: Place, lib: Environment, tmp_path: Path, interpreter: Callable[[str], Path]
) -> None:
    link = tmp_path / "python"
    link.symlink_to(os.path.realpath(sys.executable))
    wish = Environment(("lib",), str(link), find_links=lib.find_links)
    old, first = place.resolve(wish), place.build(wish)
    link.unlink()
    link.symlink_to(os.path.realpath(interpreter("python3.10")))
    lock, second = place.resolve(wish), place.build(wish)
    assert (lock.python, lock.version.rpartition(".")[0]) == (str(link), "3.10")
    assert ask(second.python, "import sys; print(sys.version.split()[0])") == lock.version
    assert first.lock != second.lock
    with pytest.raises(
        UsageError, match=rf"{link} was Python {old.version} when it was locked, and is {lock.version} now"
    ):
        builds.build(old, place.folder, place.told.append)
