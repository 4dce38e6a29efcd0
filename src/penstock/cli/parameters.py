"""A flow's signature becomes options, and words of the command line become its parameters.

Pure but for `@FILE`, whose text is read here. Knows nothing of runs.
"""

from __future__ import annotations

import enum
import inspect
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock.cli.conversion import Mismatch, from_text
from penstock.cli.reporting import hint
from penstock.errors import ParameterError
from penstock.launch import annotations
from penstock.model.nearest import nearest

REQUIRED = inspect.Parameter.empty
_GUESSED = (bool, int, float, str, list, dict, tuple, set, frozenset)


@dataclass(frozen=True)
class Option:
    """A parameter of a flow, as the command line has it."""

    name: str  # the function's
    annotation: Any  # `Any` where there is none, and the default tells nothing
    default: Any = REQUIRED

    @property
    def word(self) -> str:
        """`--some-name` for some_name."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def no_word(self) -> str:
        """`--no-some-name`."""
        return f"--no-{self.name.replace('_', '-')}"

    @property
    def is_flag(self) -> bool:
        """Whether it takes no value."""
        return annotations.is_flag(self.annotation)


@dataclass(frozen=True)
class ParameterOptions:
    """All parameters of a flow."""

    flow: str
    named: tuple[Option, ...]
    rest: Option | None = None  # `*args`: words without a name
    more: Option | None = None  # `**kwargs`: any other name


def options_of(fn: Callable[..., Any], flow: str) -> ParameterOptions:
    """The parameters of the flow's function."""
    named: list[Option] = []
    rest = more = None
    for parameter in inspect.signature(fn).parameters.values():
        option = Option(parameter.name, _annotation(fn, parameter), parameter.default)
        if parameter.kind is parameter.VAR_POSITIONAL:
            rest = option
        elif parameter.kind is parameter.VAR_KEYWORD:
            more = option
        else:
            named.append(option)
    return ParameterOptions(flow, tuple(named), rest, more)


def _annotation(fn: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    if parameter.annotation is not parameter.empty:
        found = annotations.resolved(fn, parameter.annotation)
        if found is not None:
            return found
    return _guessed(parameter.default)


def _guessed(default: Any) -> Any:
    """What the default tells, where there is no annotation."""
    if default is REQUIRED or default is None:
        return Any
    if isinstance(default, Path):
        return Path
    kind = typing.cast("Any", type(default))
    known = kind in _GUESSED or isinstance(default, enum.Enum) or kind.__module__ == "datetime"
    return kind if known or annotations.is_record(kind) else Any


def parse(options: ParameterOptions, words: Sequence[str], *, partial: bool = False) -> dict[str, Any]:
    """The parameters that the words give, by name, without those left at their defaults. `partial`: some that the flow
    needs may be missing.

    Raises ParameterError in one line: what is unknown, missing, given twice or of the wrong type.
    """
    given: dict[str, Any] = {}
    rest: list[Any] = []
    more: dict[str, Any] = {}
    flag_before: Option | None = None
    pending = list(reversed(words))
    while pending:
        word = pending.pop()
        if not word.startswith("--") or word == "--":
            _take_rest(options, word, rest, flag_before)
            continue
        option, flag = _find(options, word.partition("=")[0], of_fork=partial)
        if option.name in given or option.name in more:
            raise ParameterError(f"{option.word} is given twice; several values are written as one list of JSON")
        into = given if option in options.named else more
        into[option.name] = _value(option, flag, word, pending)
        flag_before = None if flag is None else option
    if not partial:
        _check_missing(options, given)
    if rest and options.rest is not None:
        given[options.rest.name] = tuple(rest)
    if more and options.more is not None:
        given[options.more.name] = more
    return given


def with_defaults(options: ParameterOptions, given: dict[str, Any]) -> dict[str, Any]:
    """All parameters by name, in the order of the signature's kinds: what was given, and the defaults of the others."""
    every = {option.name: given.get(option.name, option.default) for option in options.named}
    if options.rest is not None:
        every[options.rest.name] = given.get(options.rest.name, ())
    if options.more is not None:
        every[options.more.name] = given.get(options.more.name, {})
    return every


def _take_rest(options: ParameterOptions, word: str, rest: list[Any], flag_before: Option | None) -> None:
    if options.rest is None:
        if flag_before is not None:
            how = f"{flag_before.word} takes no value: write {flag_before.word} or {flag_before.no_word}"
        elif options.named:
            how = f"write --name value, as in {options.named[0].word} {word}"
        else:
            how = f"{options.flow} has no parameters"
        raise ParameterError(f"{word!r} belongs to no parameter; {how}")
    rest.append(_converted(options.rest, word))


def _find(options: ParameterOptions, word: str, *, of_fork: bool) -> tuple[Option, bool | None]:
    """The option that a word names; True and False where it is a flag's `--name` and `--no-name`, else None."""
    name = word[2:].replace("-", "_")
    for option in options.named:
        if option.name == name:
            return option, True if option.is_flag else None
        if option.is_flag and f"no_{option.name}" == name:
            return option, False
    if options.more is not None and name.isidentifier():
        return Option(name, options.more.annotation), None
    known = [option.word for option in options.named]
    raise ParameterError(f"{options.flow} has no parameter {word}{_hint(word, known, of_fork)}")


_PENSTOCK_S = "--inline --max-workers --keep-going --seed --tag --json --dry-run --no-cache --refresh".split()
_FORK_S = "--from --only --keep-code --file".split()
_RESUME_S = ["--changed"]


def _hint(word: str, known: list[str], of_fork: bool) -> str:
    """`of_fork`: what is typed is `penstock fork`; else it is `penstock run`."""
    mine = [*_PENSTOCK_S, *_FORK_S] if of_fork else _PENSTOCK_S
    if word in mine:
        return f"; {word} is Penstock's own: write it before the {'run' if of_fork else 'file'}"
    for verb, words in (("fork", _FORK_S), ("resume", _RESUME_S)):
        if word in words:
            return f"; {word} is an option of `penstock {verb}`"
    if not nearest(word, known) and (own := nearest(word, mine, 0.7)):
        return f"; did you mean {own}, which is Penstock's own?"
    return hint(word, known)


def _value(option: Option, flag: bool | None, word: str, pending: list[str]) -> Any:
    _, equals, text = word.partition("=")
    if flag is not None and not equals:
        return flag
    if flag is False:
        raise ParameterError(f"{option.no_word} takes no value")
    if not equals:
        if not pending:
            raise ParameterError(f"{option.word} needs a value: {annotations.name_of(option.annotation)}")
        text = pending.pop()
    return _converted(option, text)


def _converted(option: Option, word: str) -> Any:
    text = word
    if word.startswith("@@"):
        text = word[1:]
    elif word.startswith("@"):
        text = _read(option, word[1:])
    try:
        return from_text(option.annotation, text)
    except Mismatch as error:
        source = f" ({word})" if text is not word else ""
        raise ParameterError(f"{option.word}: {error}{source}") from None


def _read(option: Option, file: str) -> str:
    """The text of a file, without the newline that editors end it with."""
    try:
        return Path(file).expanduser().read_text(encoding="utf-8-sig").removesuffix("\n")
    except OSError as error:
        raise ParameterError(f"{option.word} @{file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ParameterError(f"{option.word} @{file}: expected text in UTF-8") from None


def _check_missing(options: ParameterOptions, given: dict[str, Any]) -> None:
    missing = [option for option in options.named if option.default is REQUIRED and option.name not in given]
    if missing:
        words = ", ".join(f"{option.word} ({annotations.name_of(option.annotation)})" for option in missing)
        raise ParameterError(f"{options.flow} needs {words}")
