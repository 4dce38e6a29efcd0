"""Where a page has ended, as a text that the client gives back. Signed by nothing, and trusted for nothing: what it
holds is only ever bound."""

from __future__ import annotations

import base64
from typing import Any, TypeVar

import msgspec

from penstock.journal.run_search import PageEnd
from penstock.server.refusals import Refusal

T = TypeVar("T", bound=msgspec.Struct)


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    sort: str
    id: int
    key: int | float | str | None
    at: float


def packed(place: Any) -> str:
    """A struct of plain values as a text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def unpacked(cursor: str, kind: type[T]) -> T:
    """What `packed` was given. Raises Refusal."""
    try:
        data = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found = msgspec.json.decode(data, type=kind)
    except (ValueError, msgspec.MsgspecError):  # also of base64 and of what is no UTF-8
        raise Refusal(422, "wrong_cursor", "the cursor is none that `next` has given", field="cursor") from None
    numbers = (one for one in msgspec.structs.astuple(found) if isinstance(one, int))
    if not all(-(1 << 63) <= one < 1 << 63 for one in numbers):
        raise Refusal(422, "wrong_cursor", "the cursor is none that `next` has given", field="cursor")
    return found


def cursor_of(sort: str, end: PageEnd | None) -> str | None:
    """None: there is no next page."""
    return None if end is None else packed(_Cursor(sort, *end))


def page_end(sort: str, cursor: str | None) -> PageEnd | None:
    """What `cursor_of` was given; None: the first page. Raises Refusal."""
    if cursor is None:
        return None
    found = unpacked(cursor, _Cursor)
    if found.sort != sort:
        raise Refusal(422, "wrong_cursor", "the cursor belongs to another sorting", field="cursor")
    return PageEnd(found.id, found.key, found.at)
