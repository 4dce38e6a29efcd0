"""What the words of a command mean: `{name}` is a placeholder, `{{name}}` the word `{name}`, and `${name}` the
shell's own. Pure."""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import Collection, Iterable, Mapping, Tuple

from penstock.model.nearest import nearest

_PLACEHOLDER = r"(?<!\$)\{(\{)?([^\W\d]\w*)\}(?(1)\})"
_NO_NAME = r"(?<![\${])\{(\d*)\}"


def placeholders(words: Iterable[str]) -> Tuple[str, ...]:
    """The names in braces, each once, in their order."""
    return tuple(dict.fromkeys(found[2] for word in words for found in re.finditer(_PLACEHOLDER, word) if not found[1]))


def filled(words: Iterable[str], texts: Mapping[str, str]) -> Tuple[str, ...]:
    """The words with what the placeholders stand for."""
    return tuple(
        re.sub(_PLACEHOLDER, lambda found: f"{{{found[2]}}}" if found[1] else texts.get(found[2], found[0]), word)
        for word in words
    )


def fault(words: Collection[str], files: Collection[str], parameters: Collection[str], is_closed: bool) -> str:
    """Why the placeholders can't be filled in, as "{txet} names nothing"; "" where they can.

    `files`: names of inputs and outputs; `parameters`: those that were declared, and `is_closed`: there are no others.
    Else every name may be a parameter's, but for one that is like a file's which the command lacks.
    """
    for word in words:
        unnamed = re.search(_NO_NAME, word)
        if unnamed is not None and unnamed[1]:
            return f"{unnamed[0]} in {word!r} names nothing: a placeholder is the name of an input, output or parameter"
    found = placeholders(words)
    for name in found:
        if name in files or name in parameters:
            continue
        if iskeyword(name):
            return f"{{{name}}} names nothing, and no parameter can be called so; {{{{{name}}}}} is the word {{{name}}}"
        near = nearest(name, [one for one in files if one not in found], 0.7)
        if is_closed or near:
            known = ", ".join((*files, *parameters)) or "none at all"
            hint = f"did you mean {{{near}}}?" if near else f"inputs, outputs and parameters are {known}"
            return f"{{{name}}} names nothing; {hint}"
    return ""
