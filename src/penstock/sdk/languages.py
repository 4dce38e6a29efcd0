"""Which interpreter runs a script: what its first line says, else its suffix; and what to install where that is
missing. Pure."""

from __future__ import annotations

import os
import re
from typing import Dict, Optional, Tuple

from penstock.model.tuples import NamedTuple

OWN_PYTHON = "python"
"""The word of a command that stands for the interpreter of the step's own environment."""
ITSELF = ("{script}",)
"""The command of a script that the system runs without another program."""


class Language(NamedTuple):
    """What a script is written in."""

    name: str  # as people call it
    command: Tuple[str, ...]  # what runs it, before the script's own path
    package: str  # what to install for that, in Debian's words


LANGUAGES: Dict[str, Language] = {
    ".py": Language("Python", (OWN_PYTHON,), "python3"),
    ".r": Language("R", ("Rscript",), "r-base-core"),
    ".js": Language("JavaScript", ("node",), "nodejs"),
    ".mjs": Language("JavaScript", ("node",), "nodejs"),
    ".cjs": Language("JavaScript", ("node",), "nodejs"),
    ".pl": Language("Perl", ("perl",), "perl"),
    ".sh": Language("shell", ("sh",), "dash"),
    ".bash": Language("shell", ("bash",), "bash"),
    ".zsh": Language("shell", ("zsh",), "zsh"),
    ".rb": Language("Ruby", ("ruby",), "ruby"),
    ".jl": Language("Julia", ("julia",), "julia"),
    ".lua": Language("Lua", ("lua",), "lua5.4"),
    ".php": Language("PHP", ("php",), "php-cli"),
    ".awk": Language("awk", ("awk", "-f"), "gawk"),
    ".tcl": Language("Tcl", ("tclsh",), "tcl"),
    ".exs": Language("Elixir", ("elixir",), "elixir"),
    ".groovy": Language("Groovy", ("groovy",), "groovy"),
    ".ps1": Language("PowerShell", ("pwsh", "-File"), "powershell"),
}
"""By the suffix of a script, in small letters."""

_OTHERS: Dict[str, Tuple[str, str]] = {
    "R": ("R", "r-base-core"),
    "nodejs": ("JavaScript", "nodejs"),
    "deno": ("TypeScript", "deno"),
    "bun": ("TypeScript", "bun"),
    "tsx": ("TypeScript", "tsx, by npm"),
    "dash": ("shell", "dash"),
    "gcc": ("C", "gcc"),
    "cc": ("C", "gcc"),
    "clang": ("C", "clang"),
    "g++": ("C++", "g++"),
    "go": ("Go", "golang-go"),
    "cargo": ("Rust", "cargo"),
    "rustc": ("Rust", "rustc"),
    "java": ("Java", "default-jre-headless"),
    "octave": ("Octave", "octave"),
    "make": ("make", "make"),
}
_COMPILED = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")  # of Linux, of macOS


def language_of(command: str) -> Optional[Tuple[str, str]]:
    """The language that a program runs, by its name or path, and what to install for it; None: it is none that is
    known."""
    name = os.path.basename(command)
    plain = re.sub(r"(?<=[a-z])[\d.]+$", "", name)  # python3.11
    for language in LANGUAGES.values():
        if plain == language.command[0]:
            return language.name, language.package
    return _OTHERS.get(name) or _OTHERS.get(plain)


def first_line(text: bytes) -> Tuple[str, ...]:
    """The command that the first line of a script names, as `#!/usr/bin/env perl -w`; (): it names none. What
    `/usr/bin/env` looks for on PATH is named without it."""
    if not text.startswith(b"#!"):
        return ()
    words = text[2:].split(b"\n", 1)[0].decode("utf-8", "replace").split()
    if words and os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if word not in ("-S", "-i")]
        while words and re.match(r"\w+=", words[0]):
            del words[0]
    return tuple(words)


def interpreter_of(script: str, text: bytes) -> Tuple[str, ...]:
    """The command that runs a script, its own place included, as `{script}`; (): none is known."""
    if text.startswith(_COMPILED):
        return ITSELF
    suffix = os.path.splitext(script)[1].lower()
    named = first_line(text)
    if named and suffix == ".py" and re.fullmatch(r"python[\d.]*", os.path.basename(named[0])):
        named = (OWN_PYTHON, *named[1:])  # its packages are there, and not beside another one
    language = LANGUAGES.get(suffix)
    command = named or (language.command if language else ())
    return (*command, *ITSELF) if command else ()
