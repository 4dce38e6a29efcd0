"""Reads the YAML of a mapping from names to scalars, as MLflow's `meta.yaml` is written: a subset, and no more.

Lists and mappings inside are passed over. https://yaml.org/spec/1.1, 5.7 and 9.
"""

from __future__ import annotations

import re

_BLANK = " \t\r\n"  # alone: other spaces are text
_PAIR = re.compile(r"([\w.-]+):(?:[ \t]+(.*))?$", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip


def read(text: str) -> dict[str, str]:
    """The scalars by name, as text; a null is "". Raises ValueError for what is no such mapping."""
    found: dict[str, str] = {}
    name, lines = "", list[str]()
    for line in text.split("\n"):
        match = _PAIR.match(line)
        if match and line[:1] not in _BLANK and not _is_open(lines):
            if name:
                found[name] = _scalar(lines)
            name, lines = match[1], [match[2] or ""]
        elif name:
            lines.append(line)
        elif line.strip(_BLANK) not in ("", "---") and not line.startswith("#"):
            raise ValueError(f"{line[:80]!r} is no pair of a name and a value")
    if name:
        found[name] = _scalar(lines)
    return found


def _is_open(lines: list[str]) -> bool:
    """Whether a quoted text goes on in the next line, which may look like anything."""
    text = "\n".join(lines)
    if text.startswith("'"):
        return len(text) == 1 or (len(text) - len(text.rstrip("'"))) % 2 == (text.rstrip("'") == "")
    if text.startswith('"'):
        return re.fullmatch(r'"(?:[^"\\]|\\.)*"[ \t\r]*', text, re.DOTALL) is None
    return False


def _scalar(lines: list[str]) -> str:
    text = "\n".join(lines).rstrip(_BLANK)
    if text.startswith("'") and text.endswith("'"):
        return _folded(text[1:-1]).replace("''", "'")
    if text.startswith('"') and text.endswith('"'):
        return _ESCAPE.sub(_unescaped, _folded(re.sub(r"\\\n[ \t]*", "", text[1:-1])))
    return "" if text in ("null", "~") else _folded(text)


def _folded(text: str) -> str:
    """A line break is a space, and each empty line is one line break."""

    def fold(match: re.Match[str]) -> str:
        breaks = match[0].count("\n")
        return " " if breaks == 1 else "\n" * (breaks - 1)

    return re.sub(r"[ \t]*\n(?:[ \t]*\n)*[ \t]*", fold, text)


def _unescaped(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    return chr(int(digits, 16)) if digits else _ESCAPED.get(match[4], match[4])
