"""How long to wait before a retry."""

from __future__ import annotations

from penstock.model.options import Backoff


def retry_delay_s(backoff: Backoff, retry: int, salt: int) -> float:
    """Seconds before retry `retry` (from 1): exponential, capped, with a jitter that `salt` decides.

    The jitter is a hash and not a random number, so that the same history gives the same schedule; it differs from task
    to task, which is what keeps a thousand of them from knocking at once.
    """
    if backoff.first_s <= 0:
        return 0.0
    try:
        delay_s = min(backoff.first_s * backoff.factor ** (retry - 1), backoff.max_s)
    except OverflowError:
        delay_s = backoff.max_s
    fraction = ((salt * 2654435761 + retry * 40503) & 0xFFFF) / 0xFFFF
    return delay_s * (1.0 + backoff.jitter * fraction)
