"""An agent starts where nothing of ours is installed: `sh`, coreutils, tar and gzip are enough."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from penstock.environments import bundle_files, bundles, shared_libraries
from penstock.environments.bundle_files import PROGRAM

TOOLS = ("sh", "mkdir", "cat", "rm", "mv", "tar", "gzip", "uname", "sha256sum", "sleep")
SYSTEM = os.uname()
NAME = f"{SYSTEM.sysname}-{SYSTEM.machine}-glibc2.36-0123456789abcdef.tar.gz"
GREETS = '#!/bin/sh\n[ "$*" = "-I -S -c " ] || echo "$* ${LD_LIBRARY_PATH-}"\n'


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with nothing else on it."""
    folder = tmp_path_factory.mktemp("tools")
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    return str(folder)


class Far:
    """A tier's folder with a small bundle, whose Python is a script, and a home."""

    def __init__(self, folder: Path, path: str) -> None:
        self.tier, self.home = folder / "tier", folder / "home"
        (self.tier / "bundles").mkdir(parents=True)
        self.environ = {"PATH": path, "PENSTOCK_AGENT_HOME": str(self.home)}
        self.put()

    def put(self, python: str = GREETS, name: str = NAME, **more: str) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for place, content in {PROGRAM: python, **more}.items():
                info = tarfile.TarInfo(place)
                info.size, info.mode = len(content), 0o755
                archive.addfile(info, io.BytesIO(content.encode()))
        self.archive = self.tier / "bundles" / name
        self.archive.write_bytes(packed.getvalue())
        sha256 = hashlib.sha256(packed.getvalue()).hexdigest()
        (self.tier / "agent").write_bytes(bundles.script(name, sha256))

    def started(self, *args: str, **environ: str) -> subprocess.Popen[str]:
        command = ["sh", str(self.tier / "agent"), *args]
        return subprocess.Popen(
            command,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start(self, *args: str, **environ: str) -> tuple[int, str, str]:
        process = self.started(*args, **environ)
        said, complained = process.communicate(timeout=120)
        return process.returncode, said, complained

    def refused(self, *args: str, **environ: str) -> str:
        code, said, complained = self.start(*(args or ("pa1_code",)), **environ)
        assert (code, said) == (2, "")
        assert len(complained) < 4096
        return complained

    def unpacked(self) -> list[str]:
        return sorted(entry.name for entry in (self.home / "bundles").iterdir())


@pytest.fixture
def far(tmp_path: Path, path: str) -> Far:
    return Far(tmp_path, path)


def test_it_is_unpacked_once_and_started_with_the_code(far: Far):
    assert far.start("pa1_code") == (0, "-I -m penstock.agent pa1_code \n", "")
    assert far.unpacked() == [NAME.removesuffix(".tar.gz")]
    far.archive.unlink()
    assert far.start("pa1_code")[:2] == (0, "-I -m penstock.agent pa1_code \n")


def test_its_libraries_are_found(far: Far):
    far.put(**{f"{bundle_files.LIBRARIES}/libz.so.1": ""})
    libraries = far.home / "bundles" / NAME.removesuffix(".tar.gz") / bundle_files.LIBRARIES
    assert far.start("code")[1] == f"-I -m penstock.agent code {libraries}\n"
    assert far.start("code", LD_LIBRARY_PATH="/opt/lib")[1] == f"-I -m penstock.agent code {libraries}:/opt/lib\n"


def test_several_at_once_unpack_it_once(far: Far):
    starts = [far.started("pa1_code") for _ in range(5)]
    assert {process.communicate(timeout=120) for process in starts} == {("-I -m penstock.agent pa1_code \n", "")}
    assert far.unpacked() == [NAME.removesuffix(".tar.gz")]


@pytest.mark.slow
def test_one_that_was_killed_while_it_unpacked_holds_up_nobody_for_long(far: Far):
    (far.home / "bundles" / f"{NAME.removesuffix('.tar.gz')}.lock").mkdir(parents=True)
    assert far.start("pa1_code")[:2] == (0, "-I -m penstock.agent pa1_code \n")


def test_home_is_enough_to_find_a_folder(far: Far, tmp_path: Path):
    assert far.start("code", PENSTOCK_AGENT_HOME="", HOME=str(tmp_path / "me"))[0] == 0
    assert (tmp_path / "me" / ".cache" / "penstock" / "agents" / "bundles").is_dir()
    assert "neither HOME nor PENSTOCK_AGENT_HOME is set" in far.refused(PENSTOCK_AGENT_HOME="")


def test_without_a_code_it_says_what_is_wanted(far: Far):
    assert far.start()[2] == f"penstock agent: say which run it is to join: sh {far.tier}/agent CODE\n"


def test_another_machine_is_told(far: Far):
    far.put(name="Linux-riscv64-glibc2.36-0123456789abcdef.tar.gz")
    said = f"this machine is {SYSTEM.sysname} {SYSTEM.machine}, and the bundle is for Linux riscv64: install Penstock"
    assert said in far.refused()


def test_an_archive_that_is_gone_or_was_cut_off_is_told(far: Far):
    content = far.archive.read_bytes()
    far.archive.write_bytes(content[:-20])
    assert f"{far.archive} is damaged, or not copied to its end" in far.refused()
    far.archive.unlink()
    assert f"{far.archive} is gone: start a run again" in far.refused()
    assert far.unpacked() == []
    far.archive.write_bytes(content)
    assert far.start("code")[0] == 0


def test_a_folder_that_cant_be_written_is_told(far: Far):
    far.home.write_text("")
    assert f"can't write to {far.home}: name another folder by PENSTOCK_AGENT_HOME" in far.refused()


def test_a_full_disk_is_told(far: Far, tmp_path: Path):
    tools = tmp_path / "full"
    shutil.copytree(far.environ["PATH"], tools, symlinks=True)
    (tools / "tar").unlink()
    (tools / "tar").write_text("#!/bin/sh\necho 'tar: write error: No space left on device' >&2\nexit 2\n")
    (tools / "tar").chmod(0o755)
    said = far.refused(PATH=str(tools))
    assert "No space left on device" in said
    assert "free some space there, or name another folder by PENSTOCK_AGENT_HOME" in said
    assert far.unpacked() == []


@pytest.mark.parametrize(
    ("complaint", "why"),
    [
        ("/lib/libc.so.6: version `GLIBC_2.36' not found", "its C library is older than glibc2.36"),
        ("exec: python3: not found", "it has another C library than glibc2.36"),
        ("python3: Permission denied", "is on a file system that lets no program run (noexec): name another folder"),
        ("Fatal Python error", "does not start here: see above"),
    ],
)
def test_a_python_that_does_not_start_is_explained(far: Far, complaint: str, why: str):
    far.put(f'#!/bin/sh\necho "{complaint.replace("`", "")}" >&2\nexit 1\n')
    for _ in range(2):  # what was unpacked is not taken for whole
        said = far.refused()
        assert complaint.replace("`", "") in said
        assert why in said


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bundles.Bundle:
    return bundles.made(tmp_path_factory.mktemp("cache"), lambda _: None)


def lines_of(bundle: bundles.Bundle) -> Iterator[str]:
    with tarfile.open(bundle.file) as archive:
        yield from archive.getnames()


@pytest.mark.slow
def test_a_bundle_is_kept_under_its_content_and_holds_no_more_than_is_needed(bundle: bundles.Bundle):
    assert bundles.made(bundle.file.parent, lambda _: None) == bundle
    sha256 = hashlib.sha256(bundle.file.read_bytes()).hexdigest()
    assert bundle.name == f"{bundle.requires}-{sha256[:16]}.tar.gz"
    names = set(lines_of(bundle))
    assert {PROGRAM, "python/bin/uv"} <= names
    packages = f"python/lib/{bundle_files.PYTHON}/site-packages/"
    assert f"{packages}penstock-{version('penstock')}.dist-info/METADATA" in names
    assert {name.removeprefix(packages).partition("/")[0] for name in names if packages in name} <= {
        *("penstock", f"penstock-{version('penstock')}.dist-info", "cloudpickle", "blake3", "uv", "obstore")
    }
    assert not [name for name in names if "/test/" in name or name.endswith(".pyc") or "/page/" in name]


@pytest.mark.slow
def test_the_real_one_starts_with_nothing_else(bundle: bundles.Bundle, path: str, tmp_path: Path):
    far = Far(tmp_path, path)
    shutil.copy(bundle.file, far.tier / "bundles")
    (far.tier / "agent").write_bytes(bundle.script)
    assert "the join code 'pa1_none' is cut off or mistyped" in far.refused("pa1_none")
    libraries = far.home / "bundles" / bundle.name.removesuffix(".tar.gz") / bundle_files.LIBRARIES
    program = libraries.parents[1] / PROGRAM
    check = (
        "import ssl, sqlite3, ctypes, lzma, zlib, blake3, cloudpickle, penstock.project, penstock.environments.uv as uv"
    )
    environ = {"PATH": "", "LD_LIBRARY_PATH": str(libraries)}
    found = subprocess.run(
        [program, "-I", "-c", f"{check}; print(uv.find())"], env=environ, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == str(program.with_name("uv"))


def test_the_c_library_is_not_taken_along():
    needed = shared_libraries.needed([Path("/bin/sh").resolve()])
    assert not [name for name in needed if shared_libraries.is_libc(name)]
    assert shared_libraries.is_libc("libpthread.so.0")
    assert not shared_libraries.is_libc("libcrypt.so.1")
    assert shared_libraries.newest_glibc([b"\0GLIBC_2.2.5\0GLIBC_2.34\0", b"\0GLIBC_2.9\0", b""]) == (2, 34)
