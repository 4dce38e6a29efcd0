"""Packages of R and Node: what their files say, and what is run for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penstock.environments import library_builds, library_kinds, npm_locks, r_packages
from penstock.errors import PlatformError, UsageError
from penstock.model.program_libraries import led
from tests.foreign_packages import npm_lock, r_archive

PLACE = Path("/environments/0123-R-Linux-x86_64")
LOCK: dict[str, Any] = {"R": {"Version": "4.2.2"}, "Packages": {"jsonlite": {"Version": "1.8.8", "Source": "CRAN"}}}


def renv_lock(folder: Path, lock: Any) -> Path:
    path = folder / "renv.lock"
    path.write_text(json.dumps(lock))
    return path


def edited(path: Path, **entry: Any) -> Path:
    """A lock of npm with other fields of its package; None removes one."""
    lock = json.loads(path.read_text())
    locked = lock["packages"]["node_modules/dep"]
    locked.update(entry)
    lock["packages"]["node_modules/dep"] = {name: value for name, value in locked.items() if value is not None}
    path.write_text(json.dumps(lock))
    return path


def test_a_lock_of_npm_is_read_with_what_lies_beside_it(tmp_path: Path) -> None:
    path = npm_lock(tmp_path, "dep", "1.2.3", "")
    (library,) = library_kinds.read([str(path)])
    assert library.kind == "node"
    assert [one[:2] for one in library.packages] == [("dep", "1.2.3")]
    assert [name for name, _ in library.files] == ["package-lock.json", "package.json", "resolve.cjs", "dep-1.2.3.tgz"]
    assert library_kinds.read([str(path)]) == (library,)
    npm_lock(tmp_path, "dep", "1.2.3", "changed")
    assert library_kinds.read([str(path)])[0].packages != library.packages
    assert library_kinds.read([str(path)])[0].digest != library.digest


def test_what_is_for_development_alone_does_not_count(tmp_path: Path) -> None:
    assert npm_locks.read(str(edited(npm_lock(tmp_path, "dep", "1.2.3", ""), dev=True))).packages == ()


def test_archives_of_r_are_installed_in_their_order(tmp_path: Path) -> None:
    paths = [str(r_archive(tmp_path, name, "1.0", "f <- 1", "f")) for name in ("second", "first")]
    (library,) = library_kinds.read(paths)
    assert [one[:2] for one in library.packages] == [("first", "1.0"), ("second", "1.0")]
    names = tuple(name for name, _ in library.files)
    assert [command[-1] for command in r_packages.commands(PLACE, names, "R")] == [
        f"{PLACE}/00-second_1.0.tar.gz",
        f"{PLACE}/01-first_1.0.tar.gz",
    ]
    assert library_kinds.read(paths[::-1])[0].digest != library.digest


def test_a_lock_of_renv_says_its_packages(tmp_path: Path) -> None:
    (library,) = library_kinds.read([str(renv_lock(tmp_path, LOCK))])
    assert (library.kind, [one[:2] for one in library.packages]) == ("R", [("jsonlite", "1.8.8")])


def test_what_is_run() -> None:
    assert list(npm_locks.commands(Path("/p"), ("package-lock.json",), "/bin/npm")) == [
        ["/bin/npm", "ci", "--prefix", "/p", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"]
    ]
    assert list(r_packages.commands(PLACE, ("00-a_1.0.tar.gz",), "/bin/R")) == [
        ["/bin/R", "CMD", "INSTALL", "--no-docs", f"--library={PLACE}/library", f"{PLACE}/00-a_1.0.tar.gz"]
    ]
    assert list(r_packages.commands(PLACE, ("renv.lock",), "/bin/R")) == [
        [
            *("/bin/R", "--no-echo", "--no-restore", "-e"),
            r_packages.RESTORE,
            *("--args", str(PLACE), f"{PLACE}/library", f"{PLACE}/renv.lock"),
        ]
    ]
    assert r_packages.RESTORE == (
        "given <- commandArgs(TRUE); "
        "renv::restore(project = given[1], library = given[2], lockfile = given[3], prompt = FALSE)"
    )
    given = r_packages.settings({"R_LIBS": "/own", "HOME": "/home/me"}, PLACE)
    assert given["R_LIBS"] == f"{PLACE}/library:/own"
    assert (given["HOME"], given["RENV_CONFIG_CACHE_SYMLINKS"]) == ("/home/me", "FALSE")


def test_what_leads_to_libraries_stands_in_front_of_what_is_there() -> None:
    leads = (*npm_locks.leads(Path("/a b")), *r_packages.leads(PLACE))
    found = led({"PATH": "/bin", "NODE_OPTIONS": "--no-warnings", "X": "1"}, leads)
    assert found == {
        "PATH": "/a b/node_modules/.bin:/bin",
        "NODE_PATH": "/a b/node_modules",
        "NODE_OPTIONS": '--require "/a b/resolve.cjs" --no-warnings',
        "R_LIBS": f"{PLACE}/library",
        "X": "1",
    }


def unknown(folder: Path) -> list[Path]:
    return [folder / "Gemfile.lock"]


def missing(folder: Path) -> list[Path]:
    return [folder / "renv.lock"]


def no_json(folder: Path) -> list[Path]:
    (folder / "renv.lock").write_text("{")
    return [folder / "renv.lock"]


def a_list(folder: Path) -> list[Path]:
    return [renv_lock(folder, [])]


def no_packages(folder: Path) -> list[Path]:
    return [renv_lock(folder, {})]


def with_a_lock(folder: Path) -> list[Path]:
    return [renv_lock(folder, LOCK), r_archive(folder, "own", "1.0", "", "")]


def no_archive(folder: Path) -> list[Path]:
    (folder / "own_1.0.tar.gz").write_bytes(b"no archive")
    return [folder / "own_1.0.tar.gz"]


def no_description(folder: Path) -> list[Path]:
    path = npm_lock(folder, "dep", "1.0", "").with_name("dep-1.0.tgz")
    return [path]


def two_locks(folder: Path) -> list[Path]:
    return [npm_lock(folder / name, "dep", "1.0", "") for name in ("one", "two")]


def alone(folder: Path) -> list[Path]:
    path = npm_lock(folder, "dep", "1.0", "")
    path.with_name("package.json").unlink()
    return [path]


def old_lock(folder: Path) -> list[Path]:
    path = npm_lock(folder, "dep", "1.0", "")
    path.write_text('{"lockfileVersion": 1, "dependencies": {}}')
    return [path]


def linked(folder: Path) -> list[Path]:
    return [edited(npm_lock(folder, "dep", "1.0", ""), link=True, resolved="dep")]


def repository(folder: Path) -> list[Path]:
    path = npm_lock(folder, "dep", "1.0", "")
    return [edited(path, resolved="git+ssh://git@github.com/a/dep.git#abc", integrity=None)]


def outside(folder: Path) -> list[Path]:
    return [edited(npm_lock(folder, "dep", "1.0", ""), resolved="file:../dep-1.0.tgz")]


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (unknown, r"Gemfile.lock is none of those that are known: package-lock.json \(Node\), renv.lock or archives"),
        (missing, r"can't read .*renv.lock: No such file"),
        (no_json, "renv.lock is not JSON"),
        (a_list, "renv.lock holds no JSON object"),
        (no_packages, r"it has no Packages: `renv::snapshot\(\)`"),
        (with_a_lock, r"renv.lock says all that a library of R has: leave out .*own_1.0.tar.gz"),
        (no_archive, r"own_1.0.tar.gz is no archive of an R package: .*`R CMD build FOLDER`"),
        (no_description, "there is no DESCRIPTION in it"),
        (two_locks, "a step has one package-lock.json"),
        (alone, "npm needs the package.json that belongs to it"),
        (old_lock, "`npm install --package-lock-only`"),
        (linked, "is a folder, which no hash describes: `npm pack`"),
        (repository, r"comes from git\+ssh://git@github.com/a/dep.git#abc without a hash"),
        (outside, r"comes from ../dep-1.0.tgz: put the archive beside the lock"),
    ],
)
def test_what_can_not_be_honoured_is_told(tmp_path: Path, ask: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        library_kinds.read([str(path) for path in ask(tmp_path)])


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        ("npm error code ENOTFOUND\n", 1, "(?s)npm exited with 1:.*ENOTFOUND.*a registry that can be reached"),
        ("Error: there is no package called ‘renv’\n", 1, "renv restores its locks"),
        ("ERROR: lazy loading failed\n", 1, "(?s)lazy loading failed.*Mend what the files ask for"),
        ("", 1, "npm said nothing"),
    ],
)
def test_what_a_tool_said_is_told_with_a_mend(said: str, code: int, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        raise library_builds.failure("build it", "npm", said, code)


@pytest.mark.parametrize(("said", "code", "told"), [("", -9, "by signal 9"), ("ENOSPC: no", 1, "Free some space")])
def test_what_the_machine_did_is_told_apart(said: str, code: int, told: str) -> None:
    with pytest.raises(PlatformError, match=told):
        raise library_builds.failure("build it", "npm", said, code)
