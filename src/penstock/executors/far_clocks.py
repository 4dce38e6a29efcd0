"""When attempts of other machines ran, by this machine's clock: theirs may be another. Pure."""

from __future__ import annotations

from penstock.model.outcomes import Usage

SLACK_S = 2.0
"""So much clocks that are kept may differ, and a letter may take."""


def told_here(usage: Usage, sent_at: float, heard_at: float) -> Usage:
    """The same, but for a beginning before it was sent (0.0: nobody knows when), or an end after it was heard of: a
    clock there is off. Then it has just ended."""
    latest = heard_at - usage.wall_s
    if not usage.began_at or sent_at - SLACK_S <= usage.began_at <= latest + SLACK_S:
        return usage
    return usage._replace(began_at=max(sent_at, latest))
