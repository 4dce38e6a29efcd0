"""How OpenSSH is called, and what mends what it complains of. Pure."""

from __future__ import annotations

import shlex
from typing import List, Mapping

SSH = "PENSTOCK_SSH"
"""The variable with the command that stands for `ssh`, as a shell would split it: `ssh -F FILE`."""

_OPTIONS = (
    "BatchMode=yes",  # nobody is there to type a password
    "ConnectTimeout=10",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
)
_MENDS = (
    (
        "Permission denied",
        "let `ssh {address}` work without a password: `ssh-copy-id {address}`, or `ssh-add` for its key",
    ),
    ("Host key verification failed", "connect once by hand, to say that its key is right: `ssh {address}`"),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", "its key is another one now: see `ssh {address}`"),
    (
        "Could not resolve hostname",
        "there is no such host: write it as `ssh` knows it, an alias of ~/.ssh/config included",
    ),
    ("Connection refused", "nothing listens there: is sshd up, and the port right? See `ssh -v {address}`"),
    ("timed out", "it does not answer: is it up, and reachable from here? See `ssh -v {address}`"),
    ("No route to host", "it can't be reached from here: see `ssh -v {address}`"),
)


def ssh_command(address: str, environ: Mapping[str, str], *options: str) -> List[str]:
    """Arguments that reach a host: `user@host`, an alias, or `ssh://user@host:port`. What is to run there is appended.
    `options`: as in its configuration, `ControlMaster=auto`."""
    words = shlex.split(environ.get(SSH) or "ssh")
    for option in (*_OPTIONS, *options):
        words += ["-o", option]
    return [*words, "-T", "--", address]


def ssh_mend(address: str, said: str) -> str:
    """What to do about what ssh printed."""
    for sign, mend in _MENDS:
        if sign in said:
            return mend.format(address=address)
    return f"see what `ssh {address} true` says"
