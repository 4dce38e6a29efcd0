"""Join codes: one short text that says to an agent which run it is to join, and where. Holds nothing private. Pure."""

from __future__ import annotations

import base64
import binascii
import zlib

from penstock.errors import UsageError
from penstock.model.tuples import NamedTuple

_HEAD = "pa1_"
_FAMILY = "pa"
_BETWEEN = "\n"  # none of the fields holds one
_MEND = "copy it whole from where the run has printed it"


class JoinCode(NamedTuple):
    """What a join code says."""

    url: str  # of the far tier, as the agent opens it
    project: str  # its id: all that is the project's lies below it there
    run: str  # the run's nonce
    agent: str  # the agent's name


def write(code: JoinCode) -> str:
    """The code as a text of letters, digits, `-` and `_`, which a shell takes as it is. Raises ValueError for a field
    that can't stand in one."""
    if any(not field or _BETWEEN in field for field in code):
        raise ValueError(f"{tuple(code)} can't be a join code")
    suffix = code.agent[len(code.run) :] if code.agent.startswith(code.run) else _BETWEEN + code.agent
    data = _BETWEEN.join((code.url, code.project, code.run, suffix)).encode()
    sealed = zlib.crc32(data).to_bytes(4, "big") + data
    return _HEAD + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read(text: str) -> JoinCode:
    """What a text of `write` says. Raises UsageError for any other, with what is wrong with it."""
    text = text.strip()
    if not text.startswith(_HEAD):
        if text.startswith(_FAMILY) and "_" in text[:6]:
            raise UsageError(f"{_shown(text)} is a join code of another Penstock: start an agent of the run's version")
        raise UsageError(f"{_shown(text)} is no join code, which begins with {_HEAD}: {_MEND}")
    body = text[len(_HEAD) :]
    try:
        sealed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        data = sealed[4:]
        if len(sealed) < 5 or zlib.crc32(data).to_bytes(4, "big") != sealed[:4]:
            raise ValueError("its checksum differs")
        url, project, run, suffix = data.decode().split(_BETWEEN, 3)
    except (binascii.Error, ValueError):  # not UTF-8, or too few fields, is a ValueError too
        raise UsageError(f"the join code {_shown(text)} is cut off or mistyped: {_MEND}") from None
    return JoinCode(url, project, run, suffix[1:] if suffix.startswith(_BETWEEN) else run + suffix)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 24 else f"{text[:23]}…")
