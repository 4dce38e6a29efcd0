"""What is installed brings the page, whether from a wheel, or from the source archive without Node."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.api_server import serving
from tests.browser.conftest import ROOT

PAGE = ROOT / "src" / "penstock" / "server" / "page"
LEFT_OUT = {".fingerprint", "manifest.json"}


def packed(source: Path, target: str, folder: Path) -> Path:
    """A wheel or a source archive."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.iterdir())


def pages(wheel: Path) -> dict[str, bytes]:
    """The page in a wheel, by the names of its files."""
    place = "penstock/server/page/"
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(place)]
        return {name.removeprefix(place): archive.read(name) for name in names}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory, built_page: None) -> Path:
    """The unpacked source archive."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(packed(ROOT, "sdist", folder / "archive")) as archive:
        archive.extractall(folder / "source", filter="data")
    return next((folder / "source").iterdir())


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that is built from the source archive, as an installer would."""
    return packed(sdist, "wheel", tmp_path_factory.mktemp("wheel") / "wheel")


def test_wheel_and_source_archive_have_the_page_that_is_built(sdist: Path, wheel: Path, tmp_path: Path):
    built = {str(path.relative_to(PAGE)): path.read_bytes() for path in PAGE.rglob("*") if path.is_file()}
    built = {name: content for name, content in built.items() if name not in LEFT_OUT}
    assert "index.html" in built
    assert "assets/licences.md" in built
    assert pages(wheel) == built
    assert pages(packed(ROOT, "wheel", tmp_path / "wheel")) == built
    assert not (sdist / "ui" / "node_modules").exists()
    assert (sdist / "ui" / "src" / "main.tsx").exists()


def test_an_installed_wheel_serves_it(wheel: Path, tmp_path: Path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    project = tmp_path / "work"
    project.mkdir()
    (project / "penstock.toml").touch()
    before = f"import sys; sys.path.insert(0, {str(tmp_path / 'installed')!r}); "
    with serving(project, before=before) as server:
        reply = server.ask("GET", "/runs/digits/3", token=False)
        assert reply.body == (PAGE / "index.html").read_bytes()
        script = next(path for path in (PAGE / "assets").glob("index-*.js"))
        assert server.ask("GET", f"/assets/{script.name}", token=False).body == script.read_bytes()


def test_without_a_page_it_is_packed_as_well(sdist: Path, tmp_path: Path):
    source = tmp_path / "source"
    shutil.copytree(sdist, source, ignore=shutil.ignore_patterns("page", "tests", "docs", "ui"))
    assert pages(packed(source, "wheel", tmp_path / "wheel")) == {}
