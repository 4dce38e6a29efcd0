"""What podman, docker and the small first processes of their containers print where a program did not start. Pure."""

from __future__ import annotations

import re
from typing import Sequence

_OF_CLIENT = (125, 126, 127)
"""Exit codes that a client has for failures of its own, and a program may have, too: the engine failed; the program
can't be run; there is none."""
_OF_INIT = r"^ERROR \(catatonit:\d+\): failed to exec pid1|^\[FATAL tini \(\d+\)\] exec "
"""What is said by the first process that podman, or docker, gives to a container, for a program that it can't start."""
_OF_ENGINE = (
    r"^Error: .*(?:OCI|runc|crun|conmon|contain|image)",
    r"^docker: ",
    r"^Error response from daemon",
    r"^error ",
)
_NOT_FOUND = ("executable file not found", "no such file or directory")
_NOT_ALLOWED = ("permission denied", "exec format error", "is a directory")
_NO_INIT = (
    "container-init binary not found",
    '"docker-init": executable file not found',
)
_LOST = ("cannot connect to", "error waiting for", "error during connect", "unexpected eof", "is the docker daemon")


def lacks_init(status: int, said: str) -> bool:
    """Whether the engine has no first process to give to a container, and has started nothing."""
    return status in _OF_CLIENT and any(words in said for words in _NO_INIT)


def is_lost(said: str) -> bool:
    """Whether the engine has gone while a container ran."""
    return any(words in said.lower() for words in _LOST)


def is_of_engine(status: int, said: str) -> bool:
    """Whether it is the engine's failure, or that of its first process, and not what the program said itself."""
    words = "|".join(_OF_ENGINE) if status in _OF_CLIENT else _OF_INIT
    return re.search(f"{words}|{_OF_INIT}", said, re.MULTILINE) is not None


def not_started(command: Sequence[str], image: str, status: int, said: str) -> str:
    """What an error says of a program that its image can't run; "": the failure is another one."""
    program, low = command[0], said.lower()
    if status == 127 or any(words in low for words in _NOT_FOUND):
        return (
            f"there is no `{program}` in the image {image}, which runs this: take an image that has it, or name "
            "another program"
        )
    if status == 126 or any(words in low for words in _NOT_ALLOWED):
        return (
            f"`{program}` can't be started in the image {image}: it is no program of this machine's kind, or has no "
            "run bit"
        )
    return ""
