from __future__ import annotations

from pathlib import Path

import pytest

from penstock.environments import builds, built_environments, interpreter_search, locks, marks, uv
from penstock.errors import DamagedError, NotFoundError

PINS = """\
/wheels/my_lib-1.2-py3-none-any.whl \\
    --hash=sha256:aa
numpy==2.2.6 \\
    --hash=sha256:bb \\
    --hash=sha256:cc
tool[extra]==1.0+local \\
    --hash=sha256:dd
web @ https://a/web-3.tar.gz \\
    --hash=sha256:ee
"""


def text(pins: str = PINS, python: str = "3.10", options: str = "--index-url https://a\n--find-links /b\n") -> str:
    from blake3 import blake3

    digest = blake3(f"{python}\n\n{pins}".encode()).hexdigest()
    return f"# penstock lock 1 b3-{digest}\n# python {python}\n{options}\n{pins}"


def test_a_lock_says_what_it_holds():
    lock = locks.parse(text())
    assert lock.python == "3.10"
    assert lock.packages == (("my_lib", "1.2"), ("numpy", "2.2.6"), ("tool", "1.0+local"), ("web", "3"))
    assert lock.options == ("--index-url https://a", "--find-links /b")
    assert lock.text == text()


def test_its_digest_is_of_what_is_installed_not_of_where_it_lies():
    assert locks.parse(text()).digest == locks.parse(text(options="")).digest
    others = {locks.parse(one).digest for one in (text(), text(python="3.9"), text(PINS.replace("aa", "ab")), text(""))}
    assert len(others) == 4


def lock_text(options: str, form: int = 2, pins: str = PINS) -> str:
    from blake3 import blake3

    selection = "\n".join(sorted(line for line in options.splitlines() if "binary" in line)) if form == 2 else ""
    digest = blake3(f"3.10\n\n{pins}{chr(10) if selection else ''}{selection}".encode()).hexdigest()
    return f"# penstock lock {form} b3-{digest}\n# python 3.10\n{options}\n{pins}"


def test_which_archives_are_taken_counts_where_it_is_said():
    plain = locks.parse(lock_text("--find-links /b\n"))
    source = locks.parse(lock_text("--no-binary numpy\n--find-links /b\n"))
    assert plain.digest == locks.parse(text()).digest, "the first form and the second are one where nothing is said"
    assert (plain.selection, source.selection) == ("", "--no-binary numpy")
    assert plain.digest != source.digest
    assert locks.parse(lock_text("--no-binary numpy\n", form=1)).digest == plain.digest, "as it was recorded"


def test_a_package_has_another_build_where_its_hashes_differ():
    first, second = (locks.parse(lock_text("", pins=pins)).builds for pins in (PINS, PINS.replace("cc", "ce")))
    assert [one[:2] for one in first] == list(locks.parse(lock_text("")).packages)
    assert [name for (name, _, build), (_, _, other) in zip(first, second, strict=True) if build != other] == ["numpy"]


@pytest.mark.parametrize("damaged", ["", "six==1\n", text()[:-1], text().replace("sha256:aa", "sha256:00"), text()[9:]])
def test_a_damaged_lock_is_refused(damaged: str):
    with pytest.raises(DamagedError, match="lock"):
        locks.parse(damaged)


@pytest.mark.parametrize(
    ("asked", "version", "implementation", "name"),
    [
        ("3.10", "3.10.13", "CPython", "3.10"),
        ("3.10.13", "3.10.13", "CPython", "3.10.13"),
        ("3", "3.13.0", "CPython", "3.13"),
        (">=3.9,<4", "3.12.1", "CPython", "3.12"),
        (">=3.9.1,<4", "3.12.1", "CPython", "3.12.1"),
        ("==3.10.13", "3.10.13", "CPython", "3.10.13"),
        ("cpython@3.10.13", "3.10.13", "CPython", "3.10.13"),
        ("pypy@3.9", "3.9.16", "PyPy", "pypy3.9"),
        ("pypy", "3.9.16", "PyPy", "pypy3.9"),
        ("cpython3.10", "3.10.13", "CPython", "3.10"),
        ("3.13t", "3.13.0", "CPython", "3.13t"),
        ("/usr/bin/python3", "3.11.2", "CPython", "/usr/bin/python3"),
    ],
)
def test_what_a_lock_calls_an_interpreter(asked: str, version: str, implementation: str, name: str):
    assert interpreter_search.name(asked, version, implementation) == name


def test_the_places_of_environments_are_told_apart_by_eye(tmp_path: Path):
    names = [
        builds.place_of(locks.parse(text(python=python)), tmp_path).name
        for python in ("3.10", "pypy3.9", "/opt/my python/bin/python3.11")
    ]
    assert [name.split("-", 1)[1].rsplit("-", 2)[0] for name in names] == ["py3.10", "pypy3.9", "python3.11"]
    assert names[0].startswith(locks.parse(text()).digest[3:15] + "-")


def test_shims_of_pyenv_make_way_for_its_interpreters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    root = tmp_path / ".pyenv"
    for version in ("2.7.18", "3.9.18", "3.10.2", "3.10.13", "pypy3.9-7.3.11"):
        (root / "versions" / version / "bin").mkdir(parents=True)
    expected = [f"{root}/versions/{version}/bin" for version in ("3.10.13", "3.10.2", "3.9.18", "pypy3.9-7.3.11")]
    found = uv.search_path({"HOME": str(tmp_path), "PATH": f"/a:{root}/shims:/b"})
    assert found.split(":") == ["/a", *expected, "/b"]
    found = uv.search_path({"PYENV_ROOT": str(root), "PATH": "/a"})
    assert found.split(":") == ["/a", *expected]


def test_a_shelf_that_is_not_there_is_empty(tmp_path: Path):
    assert built_environments.listed(tmp_path / "none") == []
    with pytest.raises(NotFoundError, match="no environment b3-12: `penstock env ls` shows those that there are"):
        built_environments.remove(tmp_path / "none", "b3-12")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 1}', '{"format": 2}', '{"format": 1, "names": 3}'])
def test_a_damaged_mark_is_none(tmp_path: Path, content: str):
    (tmp_path / marks.NAME).write_text(content)
    assert marks.read(tmp_path) is None
