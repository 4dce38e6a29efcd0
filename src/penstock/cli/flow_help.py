"""The help of a flow: its docstring's words, its parameters and an example. Pure."""

from __future__ import annotations

import datetime
import enum
import json
import shlex
from pathlib import PurePath
from typing import Any

from penstock.launch import annotations
from penstock.launch.docstrings import words_of
from penstock.launch.parameters import REQUIRED, Parameter, Parameters

_WIDTH = 28


def flow_help(options: Parameters, fn: Any, command: str) -> str:
    """What `penstock run FILE --help` prints; `command` is `penstock run FILE`."""
    words = words_of(fn)
    parts = [f"Usage: {command}{' [PARAMETERS]' if options.named or options.more else ''}"]
    if words.text:
        parts.append(words.text)
    if options.named or options.rest or options.more:
        parts.append("\n".join(["Parameters:", *_lines(options, words.parameters)]))
    parts.append(f"Example:\n  {_example(options, command)}")
    if options.named:
        parts.append("A value can be read from a file: --name @FILE. Lists, dicts and dataclasses are written as JSON.")
    return "\n\n".join(parts)


def _lines(options: Parameters, words: dict[str, str]) -> list[str]:
    entries = [(_left(option), _right(option, words.get(option.name, ""))) for option in options.named]
    if options.rest is not None:
        entries.append((f"{annotations.name_of(options.rest.annotation)} ...", words.get(options.rest.name, "")))
    if options.more is not None:
        entries.append((f"--NAME {annotations.name_of(options.more.annotation)}", words.get(options.more.name, "")))
    width = min(_WIDTH, max(len(left) for left, _ in entries))
    lines: list[str] = []
    for left, right in entries:
        if len(left) > width:
            lines += [f"  {left}", f"  {'':{width}}  {right}"]
        else:
            lines.append(f"  {left:{width}}  {right}")
    return [line.rstrip() for line in lines]


def _left(option: Parameter) -> str:
    kind = annotations.name_of(option.annotation)
    return f"{option.word}/{option.no_word}" if option.is_flag else f"{option.word} {kind}"


def _right(option: Parameter, words: str) -> str:
    told = "[required]" if option.default is REQUIRED else f"[default: {_shown(option.default)}]"
    return f"{words}  {told}" if words else told


def _shown(default: Any) -> str:
    text = _as_word(default)
    if text is None:
        text = repr(default)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _as_word(value: Any) -> str | None:
    """The value as one would write it on the command line; None where it can't be written."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, (int, float, str, PurePath, datetime.date, datetime.time)):
        return str(value)
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        return None


def _example(options: Parameters, command: str) -> str:
    required = [option for option in options.named if option.default is REQUIRED]
    chosen = required or list(options.named[:1])
    return " ".join([command, *(_sample(option) for option in chosen)])


def _sample(option: Parameter) -> str:
    if option.is_flag:
        return option.no_word if option.default is True else option.word
    word = None if option.default in (REQUIRED, None) else _as_word(option.default)
    if word is None:
        example = annotations.example_of(option.annotation)
        word = example if isinstance(example, str) else json.dumps(example)
    return f"{option.word} {shlex.quote(word)}"
