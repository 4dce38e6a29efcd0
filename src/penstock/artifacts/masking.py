"""Values of secrets are kept out of all that people read: lines, failures, previews.

A value is looked for as it is, line by line, and in the forms that programs write it in: as a literal, as JSON, in a
URL, in base64. Knows nothing of where the values come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, Optional

if TYPE_CHECKING:
    from penstock.artifacts.finder import Finder

SHORTEST = 4
"""Characters. Shorter values would mask half of every text, and are no secrets."""

_URL_SAFE = str.maketrans("+/", "-_")
_CODEC = "utf-8", "surrogateescape"  # what an environment variable holds need not be text

_forms: Dict[str, None] = {}
_texts: Optional[Finder] = None
_bytes: Optional[Finder] = None


def hide(values: Iterable[str]) -> None:
    """From now on these values are masked too, in this process and in those that are forked from it."""
    global _texts, _bytes
    before = len(_forms)
    _forms.update((form, None) for value in values for form in forms(value))
    if len(_forms) > before:
        from penstock.artifacts.finder import Finder

        _texts = Finder(_forms)
        _bytes = _texts if all(map(str.isascii, _forms)) else finder_of_bytes()


def finder_of_bytes(kept: str = "") -> Optional[Finder]:
    """Finds the values in bytes that were decoded as latin-1; None: there are none."""
    if not _forms:
        return None
    from penstock.artifacts.finder import Finder

    return Finder((form.encode(*_CODEC).decode("latin-1") for form in _forms), kept)


def masked(text: str) -> str:
    """The text without the values."""
    return text if _texts is None else _texts.masked(text)


def settled(text: str) -> int:
    """How much of a text, of which more is to come, is in no value that its end cuts off."""
    return len(text) if _texts is None else _texts.open_at(text)


def cut(text: str, most: int) -> str:
    """At most so many characters of the text, without the values and without the beginning of one that was cut off."""
    return text[:most] if _texts is None else _cut(text, most, _texts)


def cut_bytes(data: Any, most: int) -> bytes:
    """The same of bytes or a bytearray."""
    if _bytes is None:
        return bytes(data[:most])
    return _cut(bytes(data[: most + _bytes.longest + 1]).decode("latin-1"), most, _bytes).encode("latin-1")


def _cut(text: str, most: int, finder: Finder) -> str:
    window = text[: most + finder.longest]
    return finder.masked(window if len(window) == len(text) else window[: finder.open_at(window)])[:most]


def holds(data: Any) -> bool:
    """Whether one of the values is in a bytes-like object."""
    if _bytes is None:
        return False
    return _bytes.is_in(bytes(data).decode("latin-1"))


def forms(value: str) -> Iterator[str]:
    """What a value may be written as. Nothing where it is too short to be told from any other text."""
    if len(value) < SHORTEST:
        return
    texts = [value, *map(str.strip, value.splitlines())]
    found = {*texts, *_in_url(value), *_in_base64(value.encode(*_CODEC))}
    for text in texts:
        found.update(_in_literals(text))
    yield from (form for form in found if len(form) >= SHORTEST)


def _in_literals(text: str) -> Iterator[str]:
    """Python chooses the quotes, and what it escapes, by what else is in a literal."""
    import json

    for quote in "'\"":
        for literal in (repr(quote + text), repr((quote + text).encode(*_CODEC))[1:]):
            yield literal[1:-1].partition(quote)[2]
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]


def _in_url(text: str) -> Iterator[str]:
    from urllib.parse import quote, quote_plus

    data = text.encode(*_CODEC)
    yield from (quote(data), quote(data, safe=""), quote_plus(data))


def _in_base64(data: bytes) -> Iterator[str]:
    """In both alphabets, at each of the three places in a group at which it may begin, as behind the user's name of
    HTTP's basic authentication; without the characters that depend on what stands beside it. Not in lines."""
    from binascii import b2a_base64

    for before in range(3):
        coded = b2a_base64(bytes(before) + data, newline=False).decode()
        sure = (before + len(data)) * 8 // 6
        part = coded[-(-before * 8 // 6) : sure]
        yield part
        yield part.translate(_URL_SAFE)
