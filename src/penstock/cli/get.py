"""`penstock get`: print or save a result, an input or a parameter."""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from penstock.cli import output, screen
from penstock.cli.shared_options import complete_run, json_option
from penstock.cli.unpickling import unpickled
from penstock.client.flow_runs import Run
from penstock.client.tasks import Task
from penstock.errors import NotFoundError, UsageError
from penstock.model.edges import Part, take
from penstock.model.texts import whole
from penstock.model.tuples import NamedTuple
from penstock.reading.file_parts import first_file
from penstock.reading.readable import readable, to_plain
from penstock.reading.reader import JournalReader
from penstock.reading.saving import save
from penstock.reading.structs import GotInfo, ValueInfo
from penstock.reading.targets import Target, find, split_part
from penstock.reading.values import Values

_RESULT = "result"
_EPILOG = """\b
Examples:
  penstock get                             the latest run's result
  penstock get digits/3 rows               a parameter of a run
  penstock get digits/3/train/2 split      an input of a task
  penstock get 'digits/3/train/2[0].accuracy'
  penstock get digits/3/plot -o plots/     save it; --force overwrites
  penstock get digits/3/train/2 --display confusion -o confusion.png
"""


class WantedValue(NamedTuple):
    """What was named, before it is loaded."""

    path: str  # "digits/3/train/2"
    status: str
    values: Values  # what NAME may name
    result: ValueInfo | None
    load_result: Callable[[], Any]


@click.command(epilog=_EPILOG)
@click.argument("target", metavar="[RUN|TASK]", required=False, default="", shell_complete=complete_run)
@click.argument("name", required=False, default=_RESULT)
@click.option("--input", "input_name", metavar="NAME", help="An input or parameter, also one whose name is `result`.")
@click.option("--display", "shown", metavar="NAME", help="What was displayed under this name.")
@click.option("--step", type=int, metavar="N", help="Of a series that was displayed, the one of this step.")
@click.option("-o", "--output", "to", metavar="FILE", type=click.Path(), help="Save it, by its suffix.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@json_option
def command(
    target: str,
    name: str,
    input_name: str | None,
    shown: str | None,
    step: int | None,
    to: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Print or save the result of a run or a task, or its input or parameter NAME, or what it displayed. All but what
    was displayed, tables apart, is unpickled here.

    A part is named as in Python: 'digits/3/train/2[0].accuracy'. A file is copied; bytes and text are saved as they
    are, arrays as .npy, tables as .parquet or .csv, figures as .png, .svg or .pdf, what JSON can hold as .json, all
    else as .pkl. What a kind of file would lose or change is refused, with those that can hold it.
    """
    path, part = split_part(target)
    reader = JournalReader.find()
    with tempfile.TemporaryDirectory(prefix="penstock-") as files:
        if shown is not None:
            _get_display(reader, find(reader, path), shown, step, to, force=force, as_json=as_json)
            return
        if step is not None:
            raise UsageError("--step is of a series that was displayed: name it, with --display NAME")
        wanted = _wanted(reader, find(reader, path), Path(files))
        preview, value = _load(wanted, name, input_name)
        value = _part_of(value, part, target)
        file = first_file(value, Path(files))
        words = [(target or wanted.path) + _part_words(file or ()), *([name] if name != _RESULT else [])]
        words += ["--input", input_name] if input_name else []
        saving = f"penstock get {shlex.join(words)} -o FILE"
        if file and to is not None:
            raise UsageError(f"{target or wanted.path} names files, which {to} would not hold: save each, as {saving}")
        saved = None if to is None else _save(value, to, wanted.path, input_name or name, force)
        if as_json:
            _print_json(target or wanted.path, None if part else preview, value, saved)
        elif saved is None:
            _print(value)
            output.next_command(saving, "save that file" if file else "save it")
        else:
            output.note(f"saved {_named(target or wanted.path, name, input_name)} to {saved}")


def _get_display(
    reader: JournalReader, found: Target, name: str, step: int | None, to: str | None, *, force: bool, as_json: bool
) -> None:
    run = Run(reader, found.run)
    of: Run | Task = run
    if found.step is not None:
        of = run.task(found.step) if found.task is None else Task(reader, found.run, found.task)
    display = of.displays.named(name, step)
    if to is not None:
        _refuse_no_file(to)
        saved = unpickled(f"display {name} of {of.id}", lambda: display.save(to, force=force))
        if as_json:
            output.json(GotInfo(of.id, display.info().value, None, whole(str(saved))))
        else:
            output.note(f"saved display {name} of {display.task} to {saved}")
        return
    value = unpickled(f"display {name} of {of.id}", display.load)
    if as_json:
        _print_json(of.id, display.info().value, value, None)
    else:
        _print(value)
        output.next_command(f"penstock get {display.task} --display {shlex.quote(name)} -o FILE", "save it")


def _wanted(reader: JournalReader, found: Target, files: Path) -> WantedValue:
    run = Run(reader, found.run, files)
    if found.step is None:
        return WantedValue(run.id, run.status, run.params, run.preview, run.result)
    task = run.task(found.step) if found.task is None else Task(reader, found.run, found.task, files)
    return WantedValue(task.id, task.status, task.inputs, task.preview, task.result)


def _load(wanted: WantedValue, name: str, input_name: str | None) -> tuple[ValueInfo | None, Any]:
    if input_name is None and name == _RESULT:
        if wanted.status != "done" and wanted.result is None:
            raise NotFoundError(
                f"{wanted.path} is {wanted.status}: it has no result; see `penstock show {wanted.path}`"
            )
        return wanted.result, unpickled(wanted.path, wanted.load_result)
    name = input_name or name
    value = unpickled(f"{name} of {wanted.path}", lambda: wanted.values[name])
    return wanted.values.previews[name], value


def _named(target: str, name: str, input_name: str | None) -> str:
    """What was asked for, as a user says it."""
    if input_name is None and name == _RESULT:
        return target
    return f"{input_name or name} of {target}"


def _part_words(part: Part) -> str:
    """`["plot"]`, so that a shell's own quotes go around it."""
    texts = (json.dumps(name, ensure_ascii=False) if isinstance(name, str) else repr(name) for _, name in part)
    return "".join(
        f"[{text}]" if kind == "item" else f".{name}" for (kind, name), text in zip(part, texts, strict=True)
    )


def _part_of(value: Any, part: Any, target: str) -> Any:
    try:
        return take(value, part)
    except (LookupError, AttributeError, TypeError) as error:
        raise UsageError(f"{target}: there is no such part of a {type(value).__name__}: {error}") from error


def _save(value: Any, to: str, path: str, name: str, force: bool) -> Path:
    _refuse_no_file(to)
    stem = path.replace("/", "-") + ("" if name == _RESULT else f"-{name}")
    return save(value, Path(to), name=stem, force=force)


def _refuse_no_file(to: str) -> None:
    if to == "-":
        raise UsageError("-o - names no file: without -o the value is printed to stdout")
    if to.endswith(os.sep) and not os.path.isdir(to):
        raise UsageError(f"there is no folder {to}; make it with: mkdir -p {shlex.quote(to)}")


def _print(value: Any) -> None:
    if isinstance(value, (bytes, bytearray)) and not sys.stdout.isatty():
        screen.raw(value)
    elif isinstance(value, str) and not sys.stdout.isatty():
        screen.raw(value.removesuffix("\n"))
    else:
        output.line(readable(value).removesuffix("\n"))


def _print_json(target: str, preview: ValueInfo | None, value: Any, saved: Path | None) -> None:
    content = msgspec.Raw(json.dumps(to_plain(value, any_keys=True)).encode())
    output.json(GotInfo(whole(target), preview, content, None if saved is None else whole(str(saved))))
