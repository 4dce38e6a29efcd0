"""A project in a temporary folder, whose flows are driven by processes of their own, and what these leave behind."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DRIVE = Path(__file__).with_name("drive.py")
ROOT = DRIVE.parents[2]
PATIENCE_S = 180.0
IMPATIENT = "from penstock.journal import leases; leases.EXPIRY_S = 0.3"
PRELUDE = '''
import os, random, sys, time
from penstock import current, flow, log_metrics, step


def note(*words):
    """A line in the file `trace`, whole even where several processes write."""
    line = " ".join(map(str, words)) + "\\n"
    file = os.open("trace", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(file, line.encode())
    os.close(file)


def await_file(name):
    """Wait until the test makes a file."""
    for _ in range(30_000):
        if os.path.exists(name):
            return
        time.sleep(0.002)
    raise TimeoutError(name)

'''


def wait_until(done: Callable[[], Any], what: str = "") -> Any:
    """What `done` gives, once that is true. Fails after some minutes."""
    end = time.monotonic() + PATIENCE_S
    while not (found := done()):
        assert time.monotonic() < end, f"waited in vain {what}"
        time.sleep(0.002)
    return found


@dataclass(frozen=True)
class Report:
    """What came of a drive."""

    code: int
    result: Any = None
    error: dict[str, Any] = field(default_factory=dict[str, Any])
    notes: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    status: str = ""
    output: str = ""

    def value(self) -> Any:
        """The result of a run that is done."""
        assert not self.error, self.error["traceback"]
        assert self.code == 0, self.output
        return self.result


class Drive:
    """A process that drives a run."""

    def __init__(self, process: subprocess.Popen[str], report: Path) -> None:
        self.process = process
        self.pid = process.pid
        self._report = report

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.communicate()

    def join(self) -> Report:
        """Wait for its end."""
        output, _ = self.process.communicate(timeout=PATIENCE_S)
        found = json.loads(self._report.read_text()) if self._report.exists() else {}
        found |= {name: tuple(found[name]) for name in ("notes", "unused") if name in found}
        return Report(self.process.returncode, **found, output=output)


class Project:
    """A folder with flows. Those of `mine.py` know `note` and `await_file`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._journal = folder / ".penstock" / "journal.db"
        folder.mkdir(exist_ok=True)
        self._reports = itertools.count()
        self._drives: list[Drive] = []

    # What is in it.

    def write(self, source: str, name: str = "mine.py") -> None:
        """Write a module of flows."""
        (self.folder / name).write_text(PRELUDE + textwrap.dedent(source))

    def settings(self, text: str) -> None:
        """Write penstock.toml."""
        (self.folder / "penstock.toml").write_text(textwrap.dedent(text))

    def touch(self, name: str) -> None:
        """Let go on what awaits this file."""
        (self.folder / name).touch()

    # Driving.

    def spawn(
        self,
        run: str = "",
        *,
        target: str = "mine.py:main",
        before: str = "",
        environ: dict[str, str] | None = None,
        how: dict[str, Any] | None = None,
        **params: Any,
    ) -> Drive:
        """Start a new run with these parameters, or go on with `run`. `before` is executed in the driver first."""
        order = {"target": target, "run": run, "params": params, "how": how or {}, "before": before}
        report = self.folder.parent / f"{self.folder.name}-{next(self._reports)}.json"  # its own disk may be full
        drive = Drive(self.popen([sys.executable, "-P", str(DRIVE), json.dumps(order), str(report)], environ), report)
        self._drives.append(drive)
        return drive

    def run(self, run: str = "", **more: Any) -> Report:
        """The same, to its end."""
        return self.spawn(run, **more).join()

    def freeze(self, drive: Drive) -> None:
        """Stop its process at an instant at which it holds no lock of the journal."""

        def stopped() -> bool:
            drive.send(signal.SIGSTOP)
            wait_until(lambda: _state_of(drive.pid) == "T", "for a process to stop")
            with contextlib.closing(sqlite3.connect(self._journal, timeout=0.1)) as connection:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    drive.send(signal.SIGCONT)
                    return False
            return True

        wait_until(stopped, "for a process to let go of the journal")

    def take_over(self, before: str = "") -> Drive:
        """A process that has taken the run `main/1` from another, which is frozen."""

        def taker() -> Drive | None:
            drive = self.spawn("main/1", before=f"{IMPATIENT}\n{before}")
            wait_until(lambda: drive.process.poll() is not None or self.rows("SELECT 1 FROM lease WHERE token > 1"))
            return drive if drive.process.poll() is None else None

        return wait_until(taker, "for the lease to expire")

    def popen(self, command: list[str], environ: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command in the project; its stdout and stderr come together."""
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**surroundings, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def python(self, *words: str) -> str:
        """Run a script of the project; gives its output."""
        process = self.popen([sys.executable, *words])
        output, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, output
        return output

    def penstock(self, *words: str) -> tuple[int, str]:
        """Run the command line; gives its exit code and its output."""
        process = self.popen([os.path.join(os.path.dirname(sys.executable), "penstock"), *words])
        output, _ = process.communicate(timeout=PATIENCE_S)
        return process.returncode, output

    def end(self) -> None:
        """End what still drives."""
        for drive in self._drives:
            if drive.process.poll() is None:
                drive.send(signal.SIGCONT)
                drive.process.kill()
            if drive.process.stdout is not None and not drive.process.stdout.closed:
                drive.process.communicate()

    # What is left behind.

    def trace(self) -> list[str]:
        """What was noted, in order."""
        file = self.folder / "trace"
        return file.read_text().splitlines() if file.exists() else []

    def await_note(self, line: str, count: int = 1) -> None:
        """Wait until this was noted so often."""
        wait_until(lambda: self.trace().count(line) >= count, f"for {line!r}")

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """What a query finds in the journal; nothing where there is none yet."""
        if not self._journal.exists():
            return []
        with contextlib.closing(sqlite3.connect(self._journal)) as connection:
            try:
                return connection.execute(sql, values).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise

    def tasks(self) -> dict[str, str]:
        """Status of each task of the latest run, as `train/2`."""
        return {
            f"{name}/{number}": status
            for name, number, status in self.rows(
                "SELECT name, number, status FROM task_row WHERE id >> 32 = (SELECT max(id) FROM run) ORDER BY id"
            )
        }

    def status(self) -> str:
        """Of the latest run, as the journal has it."""
        return self.rows("SELECT status FROM run ORDER BY id DESC LIMIT 1")[0][0]

    def processes(self) -> list[int]:
        """The processes that work in this folder."""
        return [pid for pid in _living() if _folder_of(pid) == self.folder]

    def await_quiet(self) -> None:
        """Wait until no process is left."""
        wait_until(lambda: not self.processes(), f"for the end of {self.processes()}")


def _living() -> Iterator[int]:
    for name in os.listdir("/proc"):
        if name.isdigit() and is_alive(int(name)):
            yield int(name)


def is_alive(pid: int) -> bool:
    """Whether a process runs: one that waits to be reaped does not."""
    return _state_of(pid) not in "ZX"


def _state_of(pid: int) -> str:
    """As the system's table of processes has it; X where it has none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(") ")[2][0]
    except OSError:
        return "X"


def _folder_of(pid: int) -> Path | None:
    try:
        return Path(os.readlink(f"/proc/{pid}/cwd"))
    except OSError:
        return None
