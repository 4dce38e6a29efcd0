"""Small projects, their snapshots and their code as a run sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from penstock.code.codebase import Codebase
from penstock.code.differences import differences
from penstock.code.fingerprint import Fingerprint
from penstock.environments import snapshot

ROOT = "flow:train"
FLOW = "from penstock import step\nimport features\n\n@step\ndef train(x):\n    return features.clean(x)\n"
READS_LIMIT = "from penstock import step\nimport features\n\n@step\ndef train(x):\n    return x + features.LIMIT\n"


def no_value(value: object) -> bytes:
    return b""


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """The files, in the folder, which is given back."""
    for place, content in files.items():
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode(errors="surrogatepass") if isinstance(content, str) else content)
    return folder


def codebase(
    project: Path, value_digest: Callable[[object], bytes] = no_value, module: str = "flow", **other: Any
) -> Codebase:
    """The code of the project in a folder, whose flow is in flow.py; its outlines are kept beside the folder."""
    kept = project.parent / f"{project.name}.sources"
    file = project / f"{module.replace('.', '/')}.py"
    return Codebase(
        snapshot=snapshot.take([project], [file], kept).file,
        **{
            "sys_path": (str(project),),
            "module": module,
            "module_path": str(file),
            "folder": kept,
            "value_digest": value_digest,
            **other,
        },
    )


def fingerprint(folder: Path, files: Mapping[str, str | bytes]) -> Fingerprint:
    """Of the step of a project of these files."""
    return codebase(write(folder, files)).fingerprint([ROOT])


def by_repr(value: object) -> bytes:
    return repr(value).encode()


def ids(found: Fingerprint) -> set[str]:
    return set(found.tree.nodes) - {"python"}


def changes(before: Fingerprint, after: Fingerprint) -> list[str]:
    return [str(change) for change in differences(before.tree, after.tree)]
