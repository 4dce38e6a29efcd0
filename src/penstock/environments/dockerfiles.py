"""Dockerfiles as text: what they are built on, the line that a step of theirs stands in, and those of recipes. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from penstock.model.images import Image

_FROM = re.compile(r"FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*", re.IGNORECASE)
_ARG = re.compile(r"ARG\s+([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?", re.IGNORECASE)
_USE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))")
_INSTALL = "apt-get install -y --no-install-recommends"


def instructions(text: str) -> Iterator[tuple[int, str]]:
    """The instructions of a Dockerfile, each with the number of its first line, from 1 on; continued lines are one."""
    number, begun, parts = 0, 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("#") or (not stripped and not parts):
            continue
        begun = begun if parts else number
        parts.append(stripped.removesuffix("\\").rstrip())
        if not stripped.endswith("\\"):
            yield begun, " ".join(filter(None, parts))
            parts = []
    if parts:
        yield begun, " ".join(filter(None, parts))


def bases(text: str, args: Mapping[str, str]) -> list[str]:
    """The names of the images that a Dockerfile is built on, each once. What it alone does not tell is left out."""
    known, stages, found = dict[str, str](), set[str](), list[str]()
    for _, instruction in instructions(text):
        if arg := _ARG.fullmatch(instruction):
            known[arg[1]] = args.get(arg[1], (arg[2] or "").strip("\"'"))
        elif begin := _FROM.fullmatch(instruction):
            name = _USE.sub(lambda use: known.get(use[1] or use[3], "") or use[2] or "", begin[1])
            if name and name.lower() != "scratch" and name.lower() not in stages and not name.endswith(":"):
                found.append(name)
            if begin[2]:
                stages.add(begin[2].lower())
    return list(dict.fromkeys(found))


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
