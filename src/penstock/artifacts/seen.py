"""What a preview tells of a value, read again; docs/formats.md, Preview."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional, Tuple

from penstock.model.tuples import NamedTuple
from penstock.model.wire import shaped


class Seen(NamedTuple):
    """A value, as it was seen when it was stored."""

    type: str = ""
    text: str = ""
    size: int = 0
    length: Optional[int] = None
    shape: Optional[Tuple[int, ...]] = None
    dtype: Optional[str] = None
    schema: Optional[Tuple[Tuple[str, str], ...]] = None


_NONE = Seen()


def read_preview(text: str) -> Seen:
    """What stands in a preview. It is for looking only: a damaged one says so; the value can still be had."""
    if not text:
        return _NONE
    try:
        found = shaped(Dict[str, Any], json.loads(text))
        return shaped(Seen, [found.get(name, default) for name, default in zip(Seen._fields, _NONE)])
    except ValueError:  # of JSON, or of its shape
        return Seen(text="(its preview is damaged)")
