"""Dockerfiles as text: what they are built on, the line that a step of theirs stands in, and those of recipes. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from penstock.model.images import Image

_FROM = re.compile(r"FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?")
_FURTHER = re.compile(r"(?:COPY|ADD)\s+(?:--\S+\s+)*?--from=(\S+)|RUN\s.*?--mount=\S*?\bfrom=([^\s,]+)", re.IGNORECASE)
_ARG = re.compile(r"ARG\s+([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?", re.IGNORECASE)
_USE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))")
_INSTALL = "apt-get install -y --no-install-recommends"


def instructions(text: str) -> Iterator[tuple[int, str]]:
    """The instructions of a Dockerfile, each with the number of its first line, from 1 on; continued lines are one."""
    number, begun, parts, ends = 0, 0, list[str](), list[str]()
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if ends:  # in what stands below an instruction for it to take
            if stripped == ends[0]:
                del ends[0]
            continue
        if stripped.startswith("#") or (not stripped and not parts):
            continue
        begun = begun if parts else number
        parts.append(stripped.removesuffix("\\").rstrip())
        if not stripped.endswith("\\"):
            whole = " ".join(filter(None, parts))
            if whole[:4].upper() in ("RUN ", "COPY", "ADD "):
                below = {one.strip() for one in lines[number:]}
                ends = [end for end in _HEREDOC.findall(whole) if end in below]  # `1 << n` has no end
            yield begun, whole
            parts = []
    if parts:
        yield begun, " ".join(filter(None, parts))


def bases(text: str, args: Mapping[str, str]) -> list[str]:
    """The names of the images that a Dockerfile is built on, each once, those of FROM last. What it alone does
    not tell is left out."""
    known, stages, found, further = dict[str, str](), set[str](), list[str](), list[str]()
    for _, instruction in instructions(text):
        if arg := _ARG.fullmatch(instruction):
            known[arg[1]] = args.get(arg[1], (arg[2] or "").strip("\"'"))
        elif begin := _FROM.fullmatch(instruction):
            name = _USE.sub(lambda use: known.get(use[1] or use[3], "") or use[2] or "", begin[1])
            if name and name.lower() != "scratch" and name.lower() not in stages and not name.endswith(":"):
                found.append(name)
            if begin[2]:
                stages.add(begin[2].lower())
        elif other := _FURTHER.match(instruction):
            name = other[1] or other[2]
            if "$" not in name and not name.isdecimal() and name.lower() not in stages:
                further.append(name)
    return list(dict.fromkeys([*(name for name in further if name not in found), *found]))


def line_of(text: str, instruction: str) -> int:
    """The number of the line where an instruction begins, as an engine has shown it; 0: it is not found."""
    wanted = "".join(instruction.split())
    every = ((number, "".join(one.split())) for number, one in instructions(text))
    return next((number for number, one in every if one == wanted), 0) if wanted else 0


def of_system(image: Image, base: str) -> str:
    """The Dockerfile of a recipe's first part: the packages of Debian."""
    names = " ".join(image.apt)
    clear = "rm -rf /var/lib/apt/lists/*"
    return (
        f"FROM {base}\nUSER root\n"
        f"RUN export DEBIAN_FRONTEND=noninteractive && apt-get update && {_INSTALL} {names} && {clear}\n"
    )


def of_rest(image: Image, base: str, site: str) -> str:
    """The Dockerfile of its last part. `site`: where the image has packages of Python; "": it gets none."""
    lines = [f"FROM {base}", "USER root"]
    if site:
        lines += [f"COPY {json.dumps(['site/', site + '/'])}", 'COPY ["programs/", "/usr/local/bin/"]']
    lines += [f"RUN {json.dumps(['/bin/sh', '-c', text])}" for text in image.run]
    return "".join(f"{line}\n" for line in lines)


def shown(instruction: str) -> str:
    """An instruction as a user has written it, in a recipe too."""
    try:
        words = json.loads(instruction.partition(" ")[2])
        return str(words[2]) if words[:2] == ["/bin/sh", "-c"] else instruction
    except (ValueError, IndexError, TypeError, KeyError):
        return instruction
