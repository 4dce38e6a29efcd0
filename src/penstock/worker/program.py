"""Runs a step that is a program: its inputs become files, its outputs are read from files, and what it prints is the
attempt's.

A format is how a value is written to a file and read from it. The files lie in the attempt's temporary folder; the
working directory stays what it is for functions.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import selectors
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Sequence, Tuple

from penstock.artifacts import codec
from penstock.artifacts.store import BlobStore
from penstock.errors import StepExitError, UserCodeError
from penstock.model.specs import Program
from penstock.sdk.current import current
from penstock.worker import posix

_PIECE = 1 << 16
_LAST_BYTES = 2048
_LAST_LINES = 10
_PATIENCE_S = 0.05
"""How often a program is looked at whose streams are silent: what it has left running may hold them open."""

FORMATS: Dict[str, Tuple[Callable[[Any], bytes], Callable[[bytes], Any]]] = {
    "json": (lambda value: json.dumps(value, allow_nan=False).encode(), json.loads),
    "text": (lambda value: value.encode(), bytes.decode),
    "bytes": (bytes, bytes),
}
"""How a value becomes what is in a file, and the other way round."""


def runner(program: Program, store: BlobStore) -> Callable[..., Dict[str, Any]]:
    """The function that runs the program: takes its arguments by name, gives its outputs by name."""
    script = b"" if program.record is None else codec.decode(program.record, store)
    return partial(_run, program, script)


def _run(program: Program, script: bytes, /, **arguments: Any) -> Dict[str, Any]:
    folder = current.tempdir
    places = {name: folder / f"{name}.{kind}" for name, kind in (*program.inputs, *program.outputs)}
    if program.script:
        places["script"] = folder / program.script
        places["script"].write_bytes(script)
    for name, kind in program.inputs:
        try:
            data = FORMATS[kind][0](arguments.pop(name))
        except (TypeError, ValueError, AttributeError) as error:
            raise UserCodeError(f"input {name} of {program.name} can't be written as {kind}: {error}") from error
        places[name].write_bytes(data)
    words = {name: str(value) for name, value in (*arguments.items(), *places.items())}
    command = [re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), word) for word in program.command]
    _run_to_its_end(command)
    return {name: _output(program, name, kind, places[name]) for name, kind in program.outputs}


def _output(program: Program, name: str, kind: str, path: Path) -> Any:
    try:
        return FORMATS[kind][1](path.read_bytes())
    except FileNotFoundError:
        raise UserCodeError(f"{program.name} has ended without writing its output {name} to {path}") from None
    except ValueError as error:
        raise UserCodeError(f"output {name} of {program.name} can't be read as {kind}: {error}") from error


def _run_to_its_end(command: Sequence[str]) -> None:
    """Raises StepExitError where it can't be started, or says that it failed."""
    shown = " ".join(command)
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except (OSError, ValueError) as error:  # of the machine's own failures the cause tells
        raise StepExitError(f"{shown} can't be started: {error}") from error
    try:
        last = _passed_on(child)
        status = child.wait()
    finally:
        if child.returncode is None:  # interrupted
            posix.kill([child.pid, *posix.descendants(child.pid, posix.Family().look())])
            child.wait()
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()
    if status:
        how = f"exited with {status}" if status > 0 else f"was killed by signal {-status} ({signal.strsignal(-status)})"
        raise StepExitError(f"{shown} {how}; its last lines:\n{last}" if last else f"{shown} {how}")


def _passed_on(child: subprocess.Popen[bytes]) -> str:
    """Write what the child prints to the attempt's own streams until it ends; gives the last lines."""
    last = b""
    with selectors.DefaultSelector() as selector:
        for stream, to in ((child.stdout, sys.stdout), (child.stderr, sys.stderr)):
            assert stream is not None
            decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
            selector.register(stream, selectors.EVENT_READ, (to, decoder))
        has_ended = False
        while selector.get_map() and not has_ended:  # what is in a pipe when it has ended is read at once
            has_ended = child.poll() is not None
            for key, _ in selector.select(0 if has_ended else _PATIENCE_S):
                data = os.read(key.fd, _PIECE)
                to, decoder = key.data
                to.write(decoder.decode(data, final=not data))
                last = (last + data)[-_LAST_BYTES:]
                if not data:
                    selector.unregister(key.fileobj)
    return "\n".join(last.decode("utf-8", "backslashreplace").splitlines()[-_LAST_LINES:])
