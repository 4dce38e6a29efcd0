"""Text of others as a terminal may have it: it can colour, and nothing else. Pure.

What would move the cursor, clear the screen, set a title or the clipboard, overwrite a line or turn the direction of
what follows is written out as an escape, so that it is seen and does nothing.
"""

from __future__ import annotations

import re
from typing import List, Match

_COLOUR = r"\x1b\[[0-9;:]{0,40}m"
_ODD = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, those of the second set included
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they turn what follows around
    "\u2028\u2029\ufff9-\ufffb\U000e0000-\U000e007f"  # ends of lines and notes that are not seen
    "\ud800-\udfff]"  # halves of characters
)
_SHOWN = f"({_COLOUR}|\r(?=\n))|{_ODD}"  # `re` compiles it once it is asked for, which plain lines are not
_RESET = "\x1b[0m"
_HIDING = ("5", "6", "8")  # blinking, and text that is not seen
_MIXED = ("38", "48", "58")  # what follows these is a colour by number, or by three


def visible(text: str, colours: bool = False) -> str:
    """The text with escapes for what is more than text. `colours`: its colours stay, and end with each line; else they
    are left out. Newlines and tabs stay."""
    if text.replace("\n", "").replace("\t", "").isprintable() or re.search(_SHOWN, text) is None:
        return text
    shown = re.sub(_SHOWN, _kept if colours else _plain, text)
    return _ended(shown) if colours and "\x1b" in shown else shown


def on_one_line(text: str) -> str:
    """The same without colours, where a newline or a tab would begin what the text is not."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def in_json(text: str) -> str:
    """A JSON document with JSON's own escapes for what is no harmless character."""
    return re.sub(_ODD, _as_json, text)


def _as_json(found: Match[str]) -> str:
    number = ord(found[0])
    if number > 0xFFFF:
        number -= 0x10000
        return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"
    return f"\\u{number:04x}"


def _plain(found: Match[str]) -> str:
    return "" if found[1] else _escaped(found[0])


def _kept(found: Match[str]) -> str:
    if not found[1]:
        return _escaped(found[0])
    codes = _harmless(found[0][2:-1].split(";")) if len(found[0]) > 1 else []
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def _harmless(codes: List[str]) -> List[str]:
    left: List[str] = []
    arguments = 0
    for code in codes:
        if arguments:
            arguments = {"5": 1, "2": 3}.get(code, 0) if left[-1] in _MIXED else arguments - 1
        elif code in _MIXED:
            arguments = 1
        elif code.lstrip("0") in _HIDING:
            continue
        left.append(code)
    return left


def _escaped(character: str) -> str:
    number = ord(character)
    if character == "\r":
        return "\\r"
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def _ended(text: str) -> str:
    lines: List[str] = []
    for line in text.split("\n"):
        colours = re.findall(_COLOUR, line)
        lines.append(line + _RESET if colours and colours[-1] not in (_RESET, "\x1b[m") else line)
    return "\n".join(lines)
