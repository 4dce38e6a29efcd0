"""Where a page has ended, as a text that the client gives back. Signed by nothing, and trusted for nothing: what it
holds is only ever bound."""

from __future__ import annotations

import base64

import msgspec

from penstock.journal.run_search import PageEnd
from penstock.server.refusals import Refusal


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    sort: str
    id: int
    key: int | float | str | None


def cursor_of(sort: str, end: PageEnd | None) -> str | None:
    """None: there is no next page."""
    if end is None:
        return None
    return base64.urlsafe_b64encode(msgspec.json.encode(_Cursor(sort, end.id, end.key))).rstrip(b"=").decode()


def page_end(sort: str, cursor: str | None) -> PageEnd | None:
    """What `cursor_of` was given; None: the first page. Raises Refusal."""
    if cursor is None:
        return None
    try:
        data = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found = msgspec.json.decode(data, type=_Cursor)
    except (ValueError, msgspec.MsgspecError):  # also of base64 and of what is no UTF-8
        raise Refusal(422, "wrong_cursor", "the cursor is none that `next` has given", field="cursor") from None
    if found.sort != sort or not -(1 << 63) <= found.id < 1 << 63:
        raise Refusal(422, "wrong_cursor", "the cursor belongs to another sorting", field="cursor")
    return PageEnd(found.id, found.key)
