"""A root folder with musl and a Python that was built on it, of Debian's packages and sources alone: no registry and no
mirror of another system has to be reached."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

_SOURCES = """Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
# `configure` takes the system's name from it, and gcc says that of glibc.
_COMPILER = """#!/bin/sh
case "$*" in *-print-multiarch*) echo x86_64-linux-musl; exit;; esac
exec musl-gcc "$@"
"""
_HEADERS = {"linux": "linux", "asm": "x86_64-linux-gnu/asm", "asm-generic": "asm-generic"}  # of the kernel
_LEFT_OUT = """*disabled*
_ssl _hashlib _tkinter _curses _curses_panel _dbm _gdbm readline nis ossaudiodev spwd syslog _sqlite3 _lzma _bz2 _crypt
_ctypes _ctypes_test audioop xxlimited xxlimited_35 _codecs_cn _codecs_hk _codecs_jp _codecs_kr _codecs_tw
_codecs_iso2022 _multibytecodec _decimal _uuid _lsprof _xxsubinterpreters
"""
_CONFIGURE = ["./configure", "--prefix=/usr", "--without-ensurepip", "--disable-test-modules"]
_BIG = ("test", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "pydoc_data")


def build(folder: Path) -> Path:
    """The root folder, made in this one within two minutes."""
    source, zlib = _fetch(folder, "python3.11", "zlib")
    (folder / "compiler").write_text(_COMPILER, encoding="ascii")
    (folder / "compiler").chmod(0o755)
    (folder / "headers").mkdir()
    for name, place in _HEADERS.items():
        (folder / "headers" / name).symlink_to(f"/usr/include/{place}")
    (source / "Modules" / "Setup.local").write_text(_LEFT_OUT, encoding="ascii")
    _run(zlib, "./configure", "--static", CC=f"{folder}/compiler -fPIC")
    _run(zlib, "make", "libz.a")
    flags = {"CPPFLAGS": f"-I{folder}/headers -I{zlib}", "LDFLAGS": f"-L{zlib}", "PKG_CONFIG": "false"}
    _run(source, *_CONFIGURE, CC=f"{folder}/compiler", OPT="-O0 -w", **flags)
    _run(source, "make", f"-j{os.cpu_count()}")
    root = folder / "root"
    _run(source, "make", "bininstall", "sharedinstall", f"DESTDIR={root}")
    library = root / "usr" / "lib" / "python3.11"
    shutil.copytree(source / "Lib", library, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*_BIG))
    for file in source.glob("build/lib.*/_sysconfigdata*.py"):
        shutil.copy(file, library)
    (root / "lib").mkdir()
    shutil.copy("/usr/lib/x86_64-linux-musl/libc.so", root / "lib" / "ld-musl-x86_64.so.1")
    (root / "tmp").mkdir()
    return root


def _fetch(folder: Path, *names: str) -> list[Path]:
    (folder / "lists").mkdir()
    (folder / "debian.sources").write_text(_SOURCES, encoding="ascii")
    places = {"etc::sourcelist": folder / "debian.sources", "etc::sourceparts": "-", "state::lists": folder / "lists"}
    options = [f"-oDir::{name}={place}" for name, place in places.items()]
    apt = ["apt-get", "-q", "-oAPT::Sandbox::User=root", *options]
    _run(folder, *apt, "update")
    _run(folder, *apt, "source", "--download-only", *names)
    for name in names:
        (folder / name).mkdir()
        packed = next(folder.glob(f"{name}_*.orig.tar.*"))
        _run(folder, "tar", "-C", name, "--strip-components=1", "-xf", packed.name)
    return [folder / name for name in names]


def _run(folder: Path, *command: str, **variables: str) -> None:
    environ = {**os.environ, **variables}
    done = subprocess.run(
        command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
