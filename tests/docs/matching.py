"""Whether an output is what a document says, where times, sizes and hosts differ from machine to machine.

`...` in a line stands for any text, a line of nothing else for any lines. Durations, times of day, sizes, digests and
the later digits of long fractions don't count. The order of lines doesn't either: a run tells of its progress from a
thread of its own; nor do lines about steps that go on, which a busy machine makes more of.
"""

from __future__ import annotations

import re

HOME = "/home/ada/project"  # what documents call the project's folder

_VARYING = [
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s|min|h)( \d+ (s|min))?(?![\w/])"), "<duration>"),
    (re.compile(r"^(\S+/\d+ \S+: [\d,]+ done.*) in <duration>$"), r"\1"),  # told of steps that were slow
    (re.compile(r"\b\d\d:\d\d:\d\d(\.\d+)?"), "<time>"),
    (re.compile(r"\b[\d.]+ (B|KiB|MiB|GiB)\b"), "<size>"),
    (re.compile(r"\b(b3|s2)-[0-9a-f]+"), "<digest>"),
    (re.compile(r"\bprocess-\d+-\d+"), "<worker>"),
    (re.compile(r"(\d+\.\d)\d{2,}(e-\d+)?"), r"\1"),
]
_ON_ITS_WAY = re.compile(r"\S+/\d+ \S+: (started, .* so far|[\d,]+ (of [\d,]+ )?done.*)")


def difference(expected: list[str], output: str, folder: str = HOME) -> str:
    """What of the expected lines is missing, or what else came; "" where all is as expected."""
    came = [line for line in map(_plain, output.replace(folder, HOME).splitlines()) if line]
    wanted = [line for line in map(_plain, expected) if line]
    missing: list[str] = []
    for line in wanted:
        if line == "...":
            continue
        pattern = re.compile(".*".join(map(re.escape, line.split("..."))))
        match = next((one for one in came if pattern.fullmatch(one)), None)
        if match is None:
            missing.append(line)
        else:
            came.remove(match)
    came = [line for line in came if not _ON_ITS_WAY.fullmatch(line)]
    lines = [f"missing: {line}" for line in missing]
    if came and (missing or "..." not in wanted):
        lines += [f"came:    {line}" for line in came]
    return "\n".join(lines)


def _plain(line: str) -> str:
    for pattern, replacement in _VARYING:
        line = pattern.sub(replacement, line)
    return " ".join(line.split())
