"""Images for tests of containers: Debian's own packages alone, for no registry has to be reached. One is made once for
each recipe, by whichever engine asks first, and lies as an archive in the user's cache, from which both load it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import musl_python
from tests.locked_files import locked

_REQUIRE_ALL = os.environ.get("PENSTOCK_REQUIRE_ALL") == "1"  # now: tests take such variables away
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "penstock-tests")

_INSTALL = "RUN apt-get update && apt-get install -y --no-install-recommends {} && rm -rf /var/lib/apt/lists"
_STATIC = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int count, char **words) {
    char place[4096];
    snprintf(place, sizeof place, "%s/words.json", getenv("PENSTOCK_OUTPUTS"));
    FILE *file = fopen(place, "w");
    if (file == NULL) { perror(place); return 3; }
    fprintf(file, "[");
    for (int i = 1; i < count; i++) fprintf(file, "%s\"%s\"", i > 1 ? ", " : "", words[i]);
    fprintf(file, "]\n");
    printf("no shell is here\n");
    return fclose(file);
}
"""


class Recipe(NamedTuple):
    """How an image is made: by debootstrap, by `musl_python`, or by a Dockerfile on another one. What stands here is
    all that it is."""

    suite: str = ""
    base: str = ""
    packages: str = ""
    lines: str = ""  # of the Dockerfile, after the packages
    on_musl: str = ""  # a change of how it is built changes this
    source: str = ""  # a C program, which is linked statically and stands as `program` beside the Dockerfile


RECIPES = {
    "bare": Recipe(suite="bookworm"),  # no Python
    "python": Recipe(base="bare", packages="python3"),  # 3.11
    "trixie": Recipe(suite="trixie", packages="python3"),  # 3.13, another C library
    "trixie-bare": Recipe(base="trixie", lines="RUN apt-get purge --yes --autoremove python3 python3-minimal\n"),
    # An entry point that a step must not run, a variable that it must see.
    "r": Recipe(base="bare", packages="r-base-core", lines='ENV FROM_IMAGE=r\nENTRYPOINT ["/bin/false"]\n'),
    "musl": Recipe(on_musl="3"),  # 3.11 on another C library
    "node": Recipe(base="bare", packages="nodejs perl"),
    "static": Recipe(source=_STATIC, lines="COPY program /program\n"),  # a program and no other file: no shell
}


def key(name: str) -> str:
    """What an image and all that it stands on are made of."""
    recipe = RECIPES[name]
    below = key(recipe.base) if recipe.base else ""
    return hashlib.sha256(repr((tuple(recipe), below)).encode()).hexdigest()[:12]


def full_name(name: str) -> str:
    """What engines call it."""
    return f"localhost/penstock-test/{name}:{key(name)}"


def archive(name: str, ask: Callable[..., str], provide: Callable[[str], str]) -> Path:
    """The file that holds it. `ask`: runs an engine's client; `provide`: has an image loaded. Skips the test where the
    image is not made yet, and is not to be: in CI it is made, or fails."""
    path = CACHE / "images" / f"{name}-{key(name)}.tar"
    if path.exists():
        return path
    if not _REQUIRE_ALL:
        pytest.skip(f"no image `{name}`: PENSTOCK_REQUIRE_ALL=1 makes it")
    if RECIPES[name].base:
        provide(RECIPES[name].base)
    with locked(path.with_suffix(".lock")):
        if not path.exists():  # another process was faster
            with tempfile.TemporaryDirectory(prefix="image-", dir=CACHE / "images") as folder:
                _make(name, Path(folder), ask)
                ask("save", "--output", f"{folder}/made.tar", full_name(name))
                Path(folder, "made.tar").rename(path)
    return path


def _make(name: str, folder: Path, ask: Callable[..., str]) -> None:
    recipe = RECIPES[name]
    if recipe.suite or recipe.on_musl:
        _pack(musl_python.build(folder) if recipe.on_musl else _debootstrap(recipe, folder), folder)
        ask("import", f"{folder}/root.tar", full_name(name))
        return
    if recipe.source:
        (folder / "program.c").write_text(recipe.source, encoding="ascii")
        _run("cc", "-static", "-O1", "-o", f"{folder}/program", f"{folder}/program.c")
    base = full_name(recipe.base) if recipe.base else "scratch"
    install = _INSTALL.format(recipe.packages) if recipe.packages else ""
    (folder / "Dockerfile").write_text(f"FROM {base}\n{install}\n{recipe.lines}", encoding="ascii")
    ask("build", "--network=host", "--tag", full_name(name), str(folder))


def _debootstrap(recipe: Recipe, folder: Path) -> Path:
    packages = ",".join(["ca-certificates", *recipe.packages.split()])
    root = folder / "root"
    _run("debootstrap", "--variant=minbase", f"--include={packages}", recipe.suite, str(root))
    left = [root / "var/cache/apt/archives", root / "var/lib/apt/lists"]
    for file in [file for place in left for file in place.glob("*") if file.is_file()]:
        file.unlink()
    return root


def _pack(root: Path, folder: Path) -> None:
    _run("tar", "--numeric-owner", "-C", str(root), "-c", "-f", f"{folder}/root.tar", ".")
    shutil.rmtree(root, ignore_errors=True)


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
