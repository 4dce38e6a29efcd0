"""Words of the command line become the parameters of a flow.

Pure but for `@FILE`, whose text is read here. Knows nothing of runs. Where there are no words, nothing is imported to
convert them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, cast

from penstock.cli.reporting import hint
from penstock.errors import ParameterError
from penstock.launch import annotations
from penstock.launch.parameters import Parameter, Parameters


def parse(parameters: Parameters, words: Sequence[str], document: str = "", *, partial: bool = False) -> dict[str, Any]:
    """The parameters that the words and an object of JSON give, by name, without those left at their defaults.
    `document`: as `--params` takes it; "": there is none. `partial`: some that the flow needs may be missing.

    Raises ParameterError in one line: what is unknown, missing, given twice or of the wrong type.
    """
    given = _of_document(parameters, document) if document else {}
    rest: list[Any] = []
    more: dict[str, Any] = {}
    flag_before: Parameter | None = None
    pending = list(reversed(words))
    while pending:
        word = pending.pop()
        if not word.startswith("--") or word == "--":
            _take_rest(parameters, word, rest, flag_before)
            continue
        option, flag = _find(parameters, word.partition("=")[0], of_fork=partial)
        if option.name in given or option.name in more:
            raise ParameterError(f"{option.word} is given twice; several values are written as one list of JSON")
        into = given if option in parameters.named else more
        into[option.name] = _value(option, flag, word, pending)
        flag_before = None if flag is None else option
    if not partial and (missing := parameters.missing(given)):
        needed = ", ".join(f"{one.word} ({annotations.name_of(one.annotation)})" for one in missing)
        raise ParameterError(f"{parameters.flow} needs {needed}")
    for one, found in ((parameters.rest, tuple(rest)), (parameters.more, more)):
        if one is not None and found:
            if one.name in given:
                raise ParameterError(f"{one.name} is given twice: in --params and by words")
            given[one.name] = found
    return given


def _of_document(parameters: Parameters, text: str) -> dict[str, Any]:
    """What `--params` gives."""
    import json

    from penstock.launch.conversion import Mismatch

    if text.startswith("@"):
        text = _read("--params", text[1:])
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParameterError(f"--params is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ParameterError("--params: expected an object of JSON, with the names of parameters and their values")
    known = {one.name: one for one in parameters.every}
    given: dict[str, Any] = {}
    for name, value in cast("dict[str, Any]", found).items():
        if name not in known:
            raise ParameterError(f"{parameters.flow} has no parameter {name}{hint(name, known)}")
        try:
            given[name] = _of_json(parameters, known[name], value)
        except Mismatch as error:
            raise ParameterError(f"{name}: {error}") from None
    return given


def _of_json(parameters: Parameters, one: Parameter, value: Any) -> Any:
    from penstock.launch.conversion import JSON

    if one is parameters.rest:
        return tuple(JSON.fit(list[one.annotation], value))
    return JSON.fit(dict[str, one.annotation] if one is parameters.more else one.annotation, value)


def _take_rest(parameters: Parameters, word: str, rest: list[Any], flag_before: Parameter | None) -> None:
    if parameters.rest is None:
        if flag_before is not None:
            how = f"{flag_before.word} takes no value: write {flag_before.word} or {flag_before.no_word}"
        elif parameters.named:
            how = f"write --name value, as in {parameters.named[0].word} {word}"
        else:
            how = f"{parameters.flow} has no parameters"
        raise ParameterError(f"{word!r} belongs to no parameter; {how}")
    rest.append(_converted(parameters.rest, word))


def _find(parameters: Parameters, word: str, *, of_fork: bool) -> tuple[Parameter, bool | None]:
    """The option that a word names; True and False where it is a flag's `--name` and `--no-name`, else None."""
    name = word[2:].replace("-", "_")
    for option in parameters.named:
        if option.name == name:
            return option, True if option.is_flag else None
        if option.is_flag and f"no_{option.name}" == name:
            return option, False
    if parameters.more is not None and name.isidentifier():
        return Parameter(name, parameters.more.annotation), None
    known = [option.word for option in parameters.named]
    raise ParameterError(f"{parameters.flow} has no parameter {word}{_hint(word, known, of_fork)}")


_PENSTOCK_S = "--inline --max-workers --keep-going --seed --tag --params --json --dry-run --no-cache --refresh".split()
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
    from penstock.model.nearest import nearest

    if not nearest(word, known) and (own := nearest(word, mine, 0.7)):
        return f"; did you mean {own}, which is Penstock's own?"
    return hint(word, known)


def _value(option: Parameter, flag: bool | None, word: str, pending: list[str]) -> Any:
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


def _converted(option: Parameter, word: str) -> Any:
    from penstock.launch.conversion import WORD, Mismatch

    text = word
    if word.startswith("@@"):
        text = word[1:]
    elif word.startswith("@"):
        text = _read(option.word, word[1:])
    try:
        return WORD.fit(option.annotation, text)
    except Mismatch as error:
        source = f" ({word})" if text is not word else ""
        raise ParameterError(f"{option.word}: {error}{source}") from None


def _read(option: str, file: str) -> str:
    """The text of a file, without the newline that editors end it with."""
    try:
        with open(os.path.expanduser(file), encoding="utf-8-sig") as opened:
            return opened.read().removesuffix("\n")
    except OSError as error:
        raise ParameterError(f"{option} @{file}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ParameterError(f"{option} @{file}: expected text in UTF-8") from None
