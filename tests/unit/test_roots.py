from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from penstock import roots
from penstock.errors import UsageError
from penstock.roots import find_root, make_home


@pytest.fixture
def below(tmp_path: Path) -> Path:
    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("variable", ["HOME", "TMPDIR", "TEMP", "TMP"])
def test_a_home_or_temporary_folder_is_a_project_by_its_settings_alone(below: Path, variable: str) -> None:
    outer = below.parent
    (outer / ".penstock").mkdir()
    assert find_root(below, {}) == str(outer)
    assert find_root(below, {variable: str(outer)}) == str(below)
    assert find_root(outer, {variable: str(outer)}) == str(outer)
    link = outer.parent / "link"
    link.symlink_to(outer)
    assert find_root(below, {variable: str(link)}) == str(below)
    (outer / "penstock.toml").touch()
    assert find_root(below, {variable: str(outer)}) == str(outer)


def test_the_root_of_all_folders_is_none_by_its_folder_alone(below: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has = Path.is_dir
    monkeypatch.setattr(Path, "is_dir", lambda path: path == Path("/.penstock") or has(path))
    assert find_root(below, {}) == str(below)


@pytest.mark.parametrize("mark", ["penstock.toml", ".penstock", ""])
def test_what_everybody_can_write_to_is_refused_unless_it_is_named(below: Path, mark: str) -> None:
    outer = below.parent
    if mark:
        (outer / mark).mkdir()
    if mark == "penstock.toml":
        (outer / mark).rmdir()
        (outer / mark).touch()
    outer.chmod(0o777)
    start = below if mark else outer
    with pytest.raises(UsageError, match=f"{outer} is writable by everybody.* export PENSTOCK_PROJECT={outer}$"):
        find_root(start, {})
    assert find_root(start, {"PENSTOCK_PROJECT": str(outer)}) == str(outer)
    outer.chmod(0o755)
    assert find_root(start, {}) == str(outer)


def test_what_belongs_to_somebody_else_is_refused_unless_it_is_named(
    below: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (below / "penstock.toml").touch()
    monkeypatch.setattr(roots.os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(
        UsageError, match=rf"{below} belongs to somebody else \(user {os.getuid()}\).*PENSTOCK_PROJECT={below}$"
    ):
        find_root(below, {})
    assert find_root(below, {"PENSTOCK_PROJECT": "."}) == str(below)


def test_under_sudo_the_folders_of_who_called_it_are_ones_own(below: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.getuid() == 0:
        os.chown(below, 12345, -1)
    monkeypatch.setattr(roots.os, "geteuid", lambda: 0)
    monkeypatch.setenv("SUDO_UID", str(below.stat().st_uid))
    assert find_root(below, {}) == str(below)


def test_a_name_that_leads_nowhere_is_refused(below: Path) -> None:
    with pytest.raises(UsageError, match=r"names .*gone, which is no folder"):
        find_root(below, {"PENSTOCK_PROJECT": str(below / "gone")})


@pytest.mark.parametrize("name", ["two words", "a'quote", "dollar$HOME"])
def test_the_mend_can_be_pasted_whatever_the_folder_is_called(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir(mode=0o777)
    folder.chmod(0o1777)  # that others can't remove one's files there does not keep them from adding some
    with pytest.raises(UsageError) as caught:
        find_root(folder, {})
    mend = str(caught.value).partition("go on with: ")[2]
    said = subprocess.run(
        ["sh", "-c", f'{mend}\nprintf %s "$PENSTOCK_PROJECT"'], capture_output=True, text=True, check=True
    )
    assert find_root(folder, {"PENSTOCK_PROJECT": said.stdout}) == str(folder)


def test_a_folder_of_its_own_that_everybody_may_write_is_no_project_s(below: Path) -> None:
    own = below / ".penstock"
    own.mkdir()
    own.chmod(0o777)
    with pytest.raises(UsageError, match=f"^{own} is writable by everybody, so that {below} .*`chmod o-w {own}`"):
        find_root(below, {})
    own.chmod(0o775)
    assert find_root(below, {}) == str(below)


@pytest.mark.parametrize(
    ("umask", "mode"), [(0o022, 0o755), (0o077, 0o700), (0o002, 0o775), (0, 0o770), (0o020, 0o750)]
)
def test_whatever_the_umask_not_everybody_may_write_in_it(below: Path, umask: int, mode: int) -> None:
    own = below / ".penstock"
    before = os.umask(umask)
    try:
        make_home(own)
    finally:
        os.umask(before)
    assert own.stat().st_mode & 0o777 == mode
    own.chmod(0o777)
    make_home(own)  # what is there is its owner's matter
    assert own.stat().st_mode & 0o777 == 0o777
