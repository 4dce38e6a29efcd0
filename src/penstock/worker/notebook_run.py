"""Runs a notebook in a kernel of this interpreter: the program that a step made by `notebook` is.

It is a process of its own, which is told what every program is (docs/programs.md): which file, and of each output its
name, format and path, stands in its arguments. It ends as its kernel does, and the kernel with it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from importlib import import_module
from typing import Any, Dict, List, NoReturn

from penstock.sdk.closed_signatures import hint
from penstock.sdk.notebook_files import EXECUTED, INJECTED, PARAMETERS, is_code, parameters_of, tags_of
from penstock.worker.notebook_kernel import CellOutput, NotebookFailure, NotebookRun
from penstock.worker.notebook_page import page_of

_NEEDED = ("nbformat", "nbclient", "ipykernel")


def main() -> NoReturn:
    """Run it, and exit as it went."""
    script, *words = sys.argv[1:]
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        # What a user has set up for notebooks of their own is no part of the step.
        os.environ[name] = os.path.join(os.environ["TMPDIR"], name.lower())
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # a warning for who debugs
    outputs = [CellOutput(*word.split(":", 2)) for word in words]
    try:
        found = _read(script)
        inserted = _insert_parameters(found, script)
        _run(found, NotebookRun(found, outputs, inserted), outputs, os.path.basename(script))
    except NotebookFailure as failure:
        sys.stdout.flush()
        sys.stderr.write(f"{failure}\n")
        sys.stderr.flush()
        if failure.signal_number:
            _end_by(failure.signal_number)
        sys.exit(1)
    sys.exit(0)


def _run(found: Any, run: NotebookRun, outputs: List[CellOutput], name: str) -> None:
    try:
        run.run()
    except NotebookFailure as failure:
        # What a failed attempt has displayed is dropped with all else that it recorded; what lies here is not.
        place = os.path.join(os.environ["PENSTOCK_CHECKPOINTS"], name)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        import_module("nbformat").write(found, place)
        raise NotebookFailure(f"{failure}\nas far as it came it is kept in {place}", failure.signal_number) from None
    _keep(found, next(output.path for output in outputs if output.name == EXECUTED))


def _end_by(number: int) -> None:
    """As the kernel has, so that whoever started this sees what has become of it."""
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _read(script: str) -> Any:
    for name in _NEEDED:
        try:
            import_module(name)
        except ImportError as error:
            raise NotebookFailure(
                f"a notebook needs {name}, which {sys.executable} can't import ({error}): pip install "
                '"penstock[notebook]", or give its step packages=["nbclient", "ipykernel"]'
            ) from error
    found: Any = import_module("nbformat").read(script, as_version=4)
    language = found.metadata.get("language_info", {}).get("name") or found.metadata.get("kernelspec", {}).get(
        "language", "python"
    )
    if language.lower() != "python":
        raise NotebookFailure(
            f"{os.path.basename(script)} is in {language}, and notebooks of Python are run: use script(...)"
        )
    return found


def _insert_parameters(found: Any, script: str) -> int:
    """A cell that sets what the call has given, behind the one with the defaults, or before all others; gives where it
    is, -1: none was inserted. What was injected in an earlier run gives way to it, where it is."""
    with open(os.environ["PENSTOCK_PARAMETERS"], "rb") as file:
        given: Dict[str, Any] = json.load(file)
    known = parameters_of(found.cells)
    for name in given:
        if known is not None and name not in known:
            raise NotebookFailure(f"{os.path.basename(script)} has no parameter {name!r}{hint(name, known)}")
    if not given:
        return -1
    source = "\n".join(("# Parameters", *(f"{name} = {value!r}" for name, value in given.items())))
    for earlier in found.cells:
        if INJECTED in tags_of(earlier):
            earlier.source = source
            return -1
    cell = import_module("nbformat").v4.new_code_cell(source, metadata={"tags": [INJECTED]})
    tagged = [at for at, cell in enumerate(found.cells) if is_code(cell) and PARAMETERS in tags_of(cell)]
    at = tagged[0] + 1 if tagged else 0
    found.cells.insert(at, cell)
    return at


def _keep(found: Any, path: str) -> None:
    """As a file, and as what the page shows of this step."""
    import_module("nbformat").write(found, path)
    page = os.path.abspath("executed notebook.html")
    with open(page, "w", encoding="utf-8") as file:
        file.write(page_of(found.cells))
    line = json.dumps({"display": page, "name": EXECUTED}).encode()
    os.write(int(os.environ["PENSTOCK_RECORDS_FD"]), line + b"\n")
