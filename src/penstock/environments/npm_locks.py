"""Reads a package-lock.json, and says how npm installs what it locks. Runs nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from penstock.environments import library_files
from penstock.errors import UsageError
from penstock.model.program_libraries import NODE, Leads, Library

NAME = "package-lock.json"
PROGRAM = "npm"
INTERPRETER = "node"
MISSING = "npm, which is not on PATH: install Node.js with npm (https://nodejs.org, or Debian's nodejs and npm)"
SITE = "node_modules"
SETTINGS = ".npmrc"
"""Lies beside the lock while npm runs, where the user has one: it may hold passwords, and what is locked has hashes."""

_OURS = "resolve.cjs"
_RESOLVE = """\
// Node looks for what is imported beside the script alone; what it does not find there is looked for here.
const loading = require("node:module");
const from = { parentURL: require("node:url").pathToFileURL(__filename).href };
const isPackage = (name, error) => error.code === "ERR_MODULE_NOT_FOUND" && !/^[./#]|^[a-z][a-z0-9+.-]*:/i.test(name);
if (loading.registerHooks) {
  loading.registerHooks({
    resolve(name, context, next) {
      try {
        return next(name, context);
      } catch (error) {
        if (!isPackage(name, error)) throw error;
        try {
          return next(name, { ...context, ...from });
        } catch {
          throw error; // it names the script that imports
        }
      }
    },
  });
} else {
  const hook = `const from = ${JSON.stringify(from)}; const isPackage = ${isPackage};
export const resolve = (name, context, next) => next(name, context).catch((error) => {
  if (!isPackage(name, error)) throw error;
  return next(name, { ...context, ...from }).catch(() => { throw error; });
});`;
  loading.register("data:text/javascript," + encodeURIComponent(hook));
}
"""


def read(path: str) -> Library:
    """The library that a package-lock.json locks. Blocks for the reading of some small files. Raises UsageError for one
    that can't be read, that does not say what it locks, or that locks what no hash describes."""
    folder = os.path.dirname(path)
    lock = library_files.content(path)
    described = os.path.join(folder, "package.json")
    if not os.path.exists(described):
        raise UsageError(f"{path}: npm needs the package.json that belongs to it, and there is none beside it")
    found = library_files.parsed(path, lock).get("packages")
    if not isinstance(found, dict):
        raise UsageError(
            f"{path}: it is of an older npm: run `npm install --package-lock-only` there with npm 7 or newer"
        )
    entries = {name: entry for name, entry in cast("dict[str, Any]", found).items() if name}
    archives = sorted({name for key, entry in entries.items() if (name := _archive(path, key, entry))})
    files = [(NAME, lock), ("package.json", library_files.content(described)), (_OURS, _RESOLVE.encode())]
    files += [(name, library_files.content(os.path.join(folder, name))) for name in archives]
    packages = sorted({_package(key, entry) for key, entry in entries.items() if not entry.get("dev")})
    return library_files.library(NODE, files, packages)


def commands(place: Path, files: tuple[str, ...], program: str) -> Iterator[list[str]]:
    """The commands that install it in `place`, where its files lie."""
    yield [program, "ci", "--prefix", os.fspath(place), "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"]


def settings(environ: Mapping[str, str], place: Path) -> dict[str, str]:
    """The environment variables of these commands."""
    return {**environ, "npm_config_update_notifier": "false"}


def leads(place: Path) -> Leads:
    """What leads a Node to it, and a shell to its programs."""
    site, quoted = place / SITE, os.fspath(place / _OURS).replace("\\", "\\\\").replace('"', '\\"')
    return (
        ("NODE_PATH", os.fspath(site)),
        ("NODE_OPTIONS", f'--require "{quoted}"'),  # which costs half of what --import does
        ("PATH", os.fspath(site / ".bin")),
    )


def _archive(path: str, key: str, entry: Mapping[str, Any]) -> str:
    """The file beside the lock that a package comes from; "": it comes from a registry."""
    resolved = str(entry.get("resolved", ""))
    name = resolved.removeprefix("file:")
    if entry.get("link") or (name != resolved and not name.endswith((".tgz", ".tar.gz"))) or "node_modules/" not in key:
        raise UsageError(
            f"{path}: {key} is a folder, which no hash describes: `npm pack` makes an archive of it to depend on"
        )
    if not entry.get("integrity") and not entry.get("inBundle"):
        raise UsageError(f"{path}: {key} comes from {resolved or 'nowhere'} without a hash: depend on a release of it")
    if name == resolved:
        return ""
    if os.path.isabs(name) or name.startswith("../") or os.path.normpath(name) != name:
        raise UsageError(f"{path}: {key} comes from {name}: put the archive beside the lock, or below its folder")
    return name


def _package(key: str, entry: Mapping[str, Any]) -> tuple[str, str, str]:
    name = key.rpartition("node_modules/")[2]
    return name, str(entry.get("version", "")), library_files.build_of(str(entry.get("integrity", "")))
