"""MLflow's file store: a folder `mlruns` of experiments, which are folders of runs, whose parameters, tags and metrics
are files. What is a link there is passed over: it may lead anywhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from penstock.errors import UsageError
from penstock.exchange import flat_yaml
from penstock.exchange.mlflow_runs import RunContent, RunHead, point_columns
from penstock.exchange.run_import import PointColumns
from penstock.exchange.staging import Staging

_STATUSES = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
_META = "meta.yaml"


class FileTracking:
    """Implements `Tracking`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: dict[str, Path] = {}  # by run
        self.unreadable: list[str] = []  # runs whose files are damaged, and why

    @staticmethod
    def is_there(root: Path) -> bool:
        """Whether a folder is such a store."""
        return any(root.glob(f"*/{_META}"))

    def heads(self) -> list[RunHead]:
        return [head for folder in _folders(self._root) for head in self._of_experiment(folder)]

    def _of_experiment(self, folder: Path) -> Iterator[RunHead]:
        meta = self._meta(folder)
        if meta is None or meta.get("lifecycle_stage") == "deleted":
            return
        for inner in _folders(folder):
            found = self._meta(inner)
            if found is not None and "lifecycle_stage" in found:  # else it is a model or a trace
                head = self._head(inner, meta.get("name", folder.name), found)
                if head is not None:
                    self._folders[head.id] = inner
                    yield head

    def _head(self, folder: Path, experiment: str, meta: dict[str, str]) -> RunHead | None:
        id_ = meta.get("run_id") or meta.get("run_uuid")
        if meta["lifecycle_stage"] == "deleted" or not id_:
            return None
        try:
            start, end = (int(meta.get(name) or 0) for name in ("start_time", "end_time"))
        except ValueError:
            self.unreadable.append(f"{folder / _META}: a time is no number")
            return None
        status = _STATUSES.get(meta.get("status", ""), meta.get("status", ""))
        return RunHead(id_, experiment, status, start, end, meta.get("artifact_uri", ""), meta.get("run_name", ""))

    def _meta(self, folder: Path) -> dict[str, str] | None:
        """None: it is not there, or can't be read."""
        file = folder / _META
        if not _is_file(file):
            return None
        try:
            return flat_yaml.read(_text(file))
        except ValueError as error:
            self.unreadable.append(f"{file}: {error}")
            return None

    def content(self, run: RunHead) -> RunContent:
        folder = self._folders[run.id]
        params, tags = (dict(_texts(folder / kind)) for kind in ("params", "tags"))
        return RunContent(params, tags)

    def curves(self, run: RunHead) -> Iterator[tuple[str, PointColumns]]:
        for name, file in _files(self._folders[run.id] / "metrics"):
            with open(file, encoding="utf-8", errors="replace") as lines:
                yield name, point_columns(point for point in map(_point, lines) if point is not None)

    def stage(self, run: RunHead, staging: Staging) -> str:
        folder = self._folders[run.id] / "artifacts"
        if folder.is_symlink():
            staging.left_out += 1
        elif folder.is_dir():
            staging.link_all(os.fspath(folder))
        elif run.place and "://" in run.place and not run.place.startswith("file://"):
            return f"they lie at {run.place}"
        return ""


def _point(line: str) -> tuple[int, int, float] | None:
    """`time value step`; older versions wrote no step. None: it is cut off, or no point."""
    try:
        at_ms, value, *rest = line.split()
        return int(at_ms), int(rest[0]) if rest else 0, float(value)
    except ValueError:
        return None


def _folders(folder: Path) -> list[Path]:
    """Those of experiments or runs in it, but for the bin."""
    try:
        with os.scandir(folder) as entries:
            found = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False) and entry.name != ".trash"]
    except OSError as error:
        raise UsageError(f"{folder} can't be read: {error.strerror}") from error
    return [Path(path) for path in sorted(found)]


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files in a folder and below, by their paths in it: a name may hold slashes."""
    for at, _, names in () if folder.is_symlink() else os.walk(folder):
        for name in sorted(names):
            file = Path(at, name)
            if _is_file(file):
                yield file.relative_to(folder).as_posix(), file


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    return ((name, _text(file)) for name, file in _files(folder))


def _text(file: Path) -> str:
    """In UTF-8, with its line breaks as they are."""
    return file.read_bytes().decode("utf-8", "replace")
