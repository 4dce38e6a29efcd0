"""The cells of a notebook, one after another in a kernel of this interpreter, by nbclient.

What a cell prints is printed here, too; what a tagged one gives is written to the file of its output. The kernel lives
no longer than this process.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any, Dict, List, Sequence

from penstock.model.tuples import NamedTuple
from penstock.sdk.notebook_files import is_code, outputs_of, source_of
from penstock.worker.notebook_page import plain

_PATIENCE_S = 600
"""How long a kernel may take to start, and its words to arrive; a busy machine is slow. A step's `timeout` is for the
rest."""
_MOST_LINES, _LONGEST = 8, 300
_LAUNCH = ("-m", "ipykernel_launcher", "-f", "{connection_file}")
_FIRST = """
if __import__("sys").platform == "linux":
    __import__("ctypes").CDLL(None).prctl(1, 9, 0, 0, 0)
"""
"""PR_SET_PDEATHSIG, SIGKILL: the kernel itself looks once a second alone whether its parent is dead."""
_SAVE = """
if {root!r} not in __import__("sys").path:
    __import__("sys").path.append({root!r})
__import__("penstock.worker.notebook_values", fromlist=["save"]).save(get_ipython(), {name!r}, {kind!r}, {path!r})
"""


class CellOutput(NamedTuple):
    """An output of the step."""

    name: str
    kind: str  # its format
    path: str


class NotebookFailure(Exception):
    """The notebook can't be run to its end; the text is for whoever reads the step's error."""

    def __init__(self, told: str, signal_number: int = 0) -> None:
        super().__init__(told)
        self.signal_number = signal_number  # what has ended the kernel; 0: nothing has


class NotebookRun:
    """One run of a notebook, whose cells are given their outputs. `inserted`: which of its cells its file has not; -1:
    none."""

    def __init__(self, found: Any, outputs: Sequence[CellOutput], inserted: int = -1) -> None:
        self._inserted = inserted
        self._cells: List[Any] = found.cells
        for cell in self._cells:
            if is_code(cell):
                cell.outputs, cell.execution_count = [], None
        self._outputs: Dict[str, CellOutput] = {output.name: output for output in outputs}
        self._number = 0  # of the cell that runs, as the notebook's file has it
        self._is_ending = False
        self._status = 0
        self._failed: Any = import_module("nbclient.exceptions").CellExecutionError
        self._new_cell: Any = import_module("nbformat").v4.new_code_cell
        spare = self._new_cell("")  # in whose place cells are run that are not the notebook's own
        self._client: Any = _client(import_module("nbformat").from_dict({**found, "cells": []}))
        self._client.nb.cells = [*self._cells, spare]

    def run(self) -> None:
        """Raises NotebookFailure."""
        dead: Any = import_module("nbclient.exceptions").DeadKernelError
        try:
            asyncio.run(self._run())
        except (dead, asyncio.CancelledError):
            if self._is_ending:
                raise NotebookFailure(f"ended in cell {self._number}", signal.SIGTERM) from None
            number = -self._status if self._status < 0 else 0
            how = f"was killed by {signal.Signals(number).name}" if number else f"exited with {self._status}"
            raise NotebookFailure(f"cell {self._number}: the kernel {how}", number) from None

    async def _run(self) -> None:
        task: Any = asyncio.current_task()

        def end() -> None:
            self._is_ending = True
            task.cancel()

        records = int(os.environ["PENSTOCK_RECORDS_FD"])
        async with self._client.async_setup_kernel(cleanup_kc=True, pass_fds=(records,)):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end)
            try:
                await self._run_cells()
            except BaseException:
                with suppress(AttributeError):
                    self._status = self._client.km.provisioner.process.poll() or 0
                raise

    async def _run_cells(self) -> None:
        await self._run_aside(_FIRST)
        for at, cell in enumerate(self._cells):
            self._number += at != self._inserted
            try:
                await self._client.async_execute_cell(cell, at)
            except self._failed as error:
                raise NotebookFailure(_told(self._number, cell, error)) from None
            for name in outputs_of(cell):
                await self._save(name)

    async def _save(self, name: str) -> None:
        output = self._outputs.get(name)
        tag = f"cell {self._number}, tagged output:{name}"
        if output is None:
            raise NotebookFailure(f"{tag}: the step has no such output, but {', '.join(self._outputs)}")
        root = os.path.abspath(os.path.join(os.environ["PENSTOCK_HELPERS"], "..", "..", ".."))
        try:
            await self._run_aside(_SAVE.format(**output._asdict(), root=root))
        except self._failed as error:
            raise NotebookFailure(f"{tag}: {error.evalue}") from None

    async def _run_aside(self, source: str) -> None:
        await self._client.async_execute_cell(self._new_cell(source), len(self._cells), store_history=False)


def _client(found: Any) -> Any:
    client: Any = import_module("nbclient").NotebookClient(
        found,
        timeout=None,
        startup_timeout=_PATIENCE_S,
        iopub_timeout=_PATIENCE_S,
        raise_on_iopub_timeout=True,
        shutdown_kernel="immediate",
        store_widget_state=False,
    )
    keep = client.output

    def output(outs: Any, message: Any, *given: Any) -> Any:
        if message["msg_type"] == "stream":
            content = message["content"]
            stream = sys.stderr if content["name"] == "stderr" else sys.stdout
            stream.write(content["text"])
            stream.flush()
        return keep(outs, message, *given)

    client.output, client.create_kernel_manager = output, lambda: _set_manager(client)
    return client


def _set_manager(client: Any) -> Any:
    """A kernel of this very interpreter, whichever the notebook names: the step's environment decides."""
    specs: Any = import_module("jupyter_client.kernelspec")
    spec = specs.KernelSpec(argv=[sys.executable, *_LAUNCH], language="python", display_name="Python")

    def get_kernel_spec(_name: str) -> Any:
        return spec

    manager = specs.KernelSpecManager()
    manager.get_kernel_spec = get_kernel_spec
    # By sockets of files: ports can be taken meanwhile, and others may listen. Their paths are bounded, so from here.
    sockets = os.path.join(os.path.relpath(os.environ["TMPDIR"]), "kernel")
    client.km = client.kernel_manager_class(kernel_spec_manager=manager, transport="ipc", ip=sockets)
    return client.km


def _told(number: int, cell: Any, error: Any) -> str:
    """The line that has failed, and the end of what Python says."""
    said = [output for output in cell.outputs if output.output_type == "error"]
    lines = plain("\n".join(said[-1].traceback) if said else f"{error.ename}: {error.evalue}").splitlines()
    source = source_of(cell).splitlines()
    found = re.search(rf"Cell In\[{cell.execution_count}\], line (\d+)", "\n".join(lines))
    line = int(found[1]) if found else 0
    where = f"cell {number}, line {line}: {source[line - 1].strip()}" if 0 < line <= len(source) else f"cell {number}"
    return "\n".join(text[:_LONGEST] for text in (where, *lines[-_MOST_LINES:]))
