"""What the API takes and gives at most. `/api/v1/meta` says it to clients."""

from __future__ import annotations

import msgspec


class ApiLimits(msgspec.Struct, frozen=True):
    """What the API takes and gives at most."""

    url_bytes: int = 8192
    header_bytes: int = 16384
    body_bytes: int = 1_000_000
    requests: int = 64  # that are answered at once, streams aside
    streams: int = 32  # that are open at once
    query_s: float = 10.0  # for a request to arrive, and then for it to be answered
    rows: int = 500  # of a page
    ids: int = 200_000  # of an index


LIMITS = ApiLimits()
