"""Which folder is the project, and who may enter its own. Looks at folders; reads nothing that is in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping

from penstock.errors import UsageError

FILE = "penstock.toml"
FOLDER = ".penstock"
NAMED = "PENSTOCK_PROJECT"


def find_root(cwd: str | os.PathLike[str], env: Mapping[str, str]) -> str:
    """The folder that PENSTOCK_PROJECT names; else the nearest from `cwd` upwards that is a project; else `cwd`.

    A project has penstock.toml or .penstock; `/`, a home folder and those for temporary files the first of them: what
    was started there by mistake must not take in all that lies below. Raises UsageError for a folder that belongs to
    somebody else, or is writable by everybody: who can write there decides what is unpickled.
    """
    here = absolute(os.fspath(cwd))
    if env.get(NAMED):
        named = os.path.join(here, os.path.expanduser(env[NAMED]))
        if not os.path.isdir(named):
            raise UsageError(f"{NAMED} names {named}, which is no folder: correct it, or unset it")
        return os.path.normpath(named)
    folder, above = here, os.path.dirname(here)
    while not _is_project(folder, env, is_here=folder == here):
        if folder == above:
            return _trusted(here)
        folder, above = above, os.path.dirname(above)
    return _trusted(folder)


def make_home(home: str | os.PathLike[str]) -> None:
    """Make a project's `.penstock`, unless it is there. Where the umask would let everybody write what is made, others
    are kept out of it: what lies in it is unpickled."""
    try:
        os.makedirs(home)
    except FileExistsError:
        return
    if (mode := os.stat(home).st_mode) & stat.S_IWOTH:
        os.chmod(home, stat.S_IMODE(mode) & ~stat.S_IRWXO)


def absolute(path: str) -> str:
    """The path from the root, without `.`, and with each `..` that it has: what is before that may be a link."""
    parts = os.path.join(working_folder(), path).split(os.sep)
    return os.sep + os.sep.join(part for part in parts if part not in ("", os.curdir))


def working_folder() -> str:
    """Raises UsageError where it was removed."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        raise UsageError("the working directory was removed: go to one that is there") from None


def _is_project(folder: str, env: Mapping[str, str], *, is_here: bool) -> bool:
    if os.path.isfile(os.path.join(folder, FILE)):
        return True
    return os.path.isdir(os.path.join(folder, FOLDER)) and (is_here or not _is_of_many(folder, env))


def _is_of_many(folder: str, env: Mapping[str, str]) -> bool:
    """Whether unrelated things lie below a folder: then its `.penstock` alone makes no project of it."""
    if folder == os.path.dirname(folder):
        return True
    found = os.stat(folder)
    return any(os.path.samestat(found, other) for other in _stats(env))


def _stats(env: Mapping[str, str]) -> Iterator[os.stat_result]:
    temporary = (env.get(name, "") for name in ("TMPDIR", "TEMP", "TMP"))
    home = env.get("HOME") or os.path.expanduser("~")
    for place in (home, *temporary, "/tmp", "/var/tmp", "/usr/tmp", "/dev/shm"):
        try:
            yield os.stat(place)
        except OSError:  # it is not there
            continue


def _trusted(folder: str) -> str:
    try:
        found = os.stat(folder)
    except OSError:  # what uses it says it best
        return folder
    owner, open_ones = found.st_uid, [place for place in (folder, os.path.join(folder, FOLDER)) if _is_open(place)]
    if owner in _mine() and not open_ones:
        return folder
    import shlex  # seldom needed

    name_it = f"If you trust who can write there, go on with: export {NAMED}={shlex.quote(folder)}"
    if owner not in _mine():
        raise UsageError(
            f"{folder} belongs to somebody else (user {owner}), so that it is not taken for a project. {name_it}"
        )
    raise UsageError(
        f"{open_ones[0]} is writable by everybody, so that {folder} is not taken for a project. Work in a folder of "
        f"your own, or `chmod o-w {shlex.quote(open_ones[0])}`. {name_it}"
    )


def _is_open(folder: str) -> bool:
    """Whether everybody may write there."""
    try:
        return bool(os.stat(folder).st_mode & stat.S_IWOTH)
    except OSError:  # it is not there
        return False


def _mine() -> set[int]:
    """Whose folders are one's own: under sudo also those of the user who called it."""
    mine = {os.geteuid()}
    sudo = os.environ.get("SUDO_UID", "")
    if 0 in mine and sudo.isdecimal():
        mine.add(int(sudo))
    return mine
