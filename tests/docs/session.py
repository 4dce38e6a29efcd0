"""Runs the blocks of a document one after the other in one project's folder, as a reader would type them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

from tests import uv_settings
from tests.docs.blocks import ROOT, Block, commands_of
from tests.docs.matching import difference
from tests.system.flows import Project

_SECONDS = 120
_MODULES = {"scikit-learn": "sklearn", ".": "penstock", ".[ui]": "penstock", ".[dev]": "penstock"}
_SET_UP = re.compile(r"(make|pip install|git clone|cd|source)\b")


class Session:
    """A reader at work in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PENSTOCK_", "PYTHON"))},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TERM": "dumb",
            **uv_settings.of_pip(),
        }

    def play(self, block: Block) -> None:
        """Do what the block says; fails with its place where it does not work, or does something else."""
        if block.file_name:
            self._save(block)
        elif block.language == "python":
            # From stdin, where nothing can be imported from, as in a notebook.
            self._run([sys.executable, "-"], block, block.text)
        elif block.language == "pycon":
            self._run([sys.executable, os.fspath(Path(__file__).with_name("interpreter.py"))], block, block.text)
        elif block.language == "console":
            for command in commands_of(block):
                self._command(block, command.line, command.expected)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language == "toml":
            tomllib.loads(block.text)
        else:
            assert block.language in ("", "text"), f"{block.place}: nobody tests {block.language!r}"

    def end(self) -> None:
        """End what a block that failed has left running."""
        for pid in Project(self._folder).processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _save(self, block: Block) -> None:
        file = self._folder / block.file_name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{block.text}\n", encoding="utf-8")

    def _command(self, block: Block, line: str, expected: list[str]) -> None:
        if _SET_UP.match(line):
            _check_set_up(block, line)
            return
        output = self._run(["bash", "-c", line], block, None, line)
        if expected:
            wrong = difference(expected, output, os.fspath(self._folder))
            assert not wrong, f"{block.place}: $ {line}\n{wrong}"

    def _run(self, command: list[str], block: Block, text: str | None, shown: str = "") -> str:
        done = subprocess.run(
            command,
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self._folder,
            env=self._environ,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{block.place}: {shown}\nexit code {done.returncode}\n{done.stdout}"
        return done.stdout


def _check_set_up(block: Block, line: str) -> None:
    """What sets up a machine is not done again, but it must be possible."""
    words = shlex.split(line)
    if words[0] == "make":
        for target in words[1:]:
            known = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=False)
            assert known.returncode == 0, f"{block.place}: {known.stderr.decode()}"
    elif words[:2] == ["pip", "install"]:
        for name in words[2:]:
            assert find_spec(_MODULES.get(name, name.replace("-", "_"))), f"{block.place}: {name} is not known here"
