"""What an engine tells while it builds, and the line that failed. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from penstock.environments import dockerfiles, engine_failures
from penstock.environments.engine_calls import Done
from penstock.errors import PenstockError, PlatformError, UsageError

_STEP = re.compile(r"(?:\[\d+/\d+\] )?(?:STEP|Step) (\d+)/(\d+) ?: (.*)|#\d+ \[(?:\S+ )?(\d+)/(\d+)\] (.*)")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NOISE = re.compile(
    r" ?--->|--> |#\d+ (?:DONE|CACHED|sha256|extracting)|Removing intermediate|DEPRECATED|\s*Install the bui"
)
_OF_BUILDKIT = re.compile(r"#\d+ [\d.]+ ")
_LAST_LINES = 15
_LONGEST = 120  # characters


class Steps:
    """Hears what is built, and passes on which step it is at."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self.instruction = ""  # of the step that it is at
        self.lines: list[str] = []  # what it has printed in that

    def hear(self, line: str) -> None:
        """Take a line of the engine's."""
        line = _ANSI.sub("", line).rstrip()
        if step := _STEP.fullmatch(line):
            number, count, instruction = (step[at] or step[at + 3] for at in (1, 2, 3))
            self.instruction, self.lines = instruction, []
            self._tell(f"step {number} of {count}: {_cut(dockerfiles.shown(instruction))}")
        elif line and not _NOISE.match(line):
            self.lines.append(_OF_BUILDKIT.sub("", line))


def failure(shown: str, text: str, steps: Steps, done: Done, engine: str) -> PenstockError:
    """The error for a build that failed. `text`: the Dockerfile."""
    purpose = f"build the image of {shown}"
    if done.code < 0 or not steps.instruction or _is_engine_s(done.said, steps.instruction):
        return engine_failures.failure(purpose, done.said, done.code, engine, shown, os.uname().machine)
    reason = "\n  ".join(_cut(line) for line in steps.lines[-_LAST_LINES:]) or f"{engine} exited with {done.code}"
    instruction = dockerfiles.shown(steps.instruction)
    number = dockerfiles.line_of(text, steps.instruction) if instruction == steps.instruction else 0
    place = f"line {number} failed, " if number else "this failed, "
    return UsageError(f"can't {purpose}: {place}`{_cut(instruction)}`:\n  {reason}\nMend it; what stands above is kept")


def _is_engine_s(said: str, instruction: str) -> bool:
    """Whether it is the engine that failed, and not a line. A program's own words may be the same: the last line alone
    is the engine's, and that may show the instruction."""
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "")
    found = engine_failures.failure("", last.replace(instruction, ""), 1, "", "")
    return isinstance(found, PlatformError)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
