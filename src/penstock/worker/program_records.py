"""What a program records while it runs: lines of JSON on a descriptor become metrics, progress, tags and displays.

A line that means nothing is said in the log and fails nothing: what a program computes is worth more than what it says
about it.
"""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Any, Callable, Dict, List, Mapping, Optional, cast

from penstock.sdk.attempts import AttemptContext

_LONGEST = 4 << 20
_MOST_TOLD = 10


class ProgramRecords:
    """Those of one program. `folder`: where relative paths of displays begin; `here`: None outside of a run, where they
    go nowhere."""

    def __init__(self, title: str, folder: str, here: Optional[AttemptContext]) -> None:
        self._title, self._folder, self._here = title, folder, here
        self._rest = b""
        self._is_dropping = False
        self._told = 0
        self._loops: Dict[str, Any] = {}
        self._kinds: Dict[str, Callable[[Mapping[str, Any]], None]] = {
            "metrics": self._metrics, "progress": self._progress, "tag": self._tag, "display": self._display,
            "note": self._note, "run_name": self._run_name,
        }  # fmt: skip

    def take(self, data: bytes) -> None:
        """The next bytes; b"": there are no more."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop() if data else b""
        if len(self._rest) > _LONGEST:
            self._tell(f"a line of more than {_LONGEST >> 20} MiB: name a file in the place of its content")
            self._rest, self._is_dropping = b"", True
        for line in lines:
            if self._is_dropping:
                self._is_dropping = False
            elif line.strip() and self._here is not None:
                self._take_line(line)

    def end(self) -> None:
        """The program is gone."""
        if self._rest:
            self.take(b"")
        if self._here is not None:
            for loop in self._loops.values():
                self._here.loops().end(loop)

    def _take_line(self, line: bytes) -> None:
        try:
            said: Any = json.loads(line)
        except (ValueError, RecursionError):
            self._tell(f"{_shown(line)} is no JSON")
            return
        kind = next((kind for kind in self._kinds if isinstance(said, dict) and kind in said), None)
        if kind is None:
            self._tell(f"{_shown(line)} is no object with one of {', '.join(self._kinds)}")
            return
        try:
            self._kinds[kind](cast("Mapping[str, Any]", said))
        except Exception as error:  # noqa: BLE001  whatever stands in the line: it fails nothing
            self._tell(f"{_shown(line)} can't be taken: {error}")

    def _tell(self, why: str) -> None:
        self._told += 1
        if self._told <= _MOST_TOLD:
            more = ", and of further ones nothing is said" if self._told == _MOST_TOLD else ""
            sys.stderr.write(f"Penstock: a record of {self._title}: {why}{more}\n")

    def _metrics(self, said: Mapping[str, Any]) -> None:
        assert self._here is not None
        if not isinstance(said["metrics"], dict):
            raise TypeError('expected {"metrics": {"name": number}}')
        if os.path.isdir(self._here.checkpoint_place()):
            self._here.checkpoint_dir()  # what is logged before a checkpoint outlives a kill with it
        self._here.log(cast("Dict[str, Any]", said["metrics"]), said.get("step"))

    def _progress(self, said: Mapping[str, Any]) -> None:
        from penstock.sdk.open_loops import OpenLoop

        assert self._here is not None
        done, total, label = said["progress"], said.get("total"), str(said.get("label") or self._title)
        for number in (done, total):
            if number is not None and not _is_count(number):
                raise TypeError('expected {"progress": number, "total": number}')
        loop = self._loops.get(label)
        whole = None if total is None else int(total)
        if loop is None or loop.total != whole:
            loop = self._loops[label] = loop or OpenLoop(label, whole)
            loop.total = whole
            self._here.loops().begin(loop, loop)
        loop.done = int(done or 0)
        self._here.loops().changed()

    def _tag(self, said: Mapping[str, Any]) -> None:
        from penstock.sdk.current import current

        tags: Any = said["tag"]
        given = cast("List[Any]", tags if isinstance(tags, list) else [tags])
        if not all(isinstance(tag, str) for tag in given):
            raise TypeError('expected {"tag": "text"}, or a list of texts')
        current.tag(*given)

    def _note(self, said: Mapping[str, Any]) -> None:
        from penstock.sdk.current import current

        current.note(_text(said, "note"))

    def _run_name(self, said: Mapping[str, Any]) -> None:
        from penstock.sdk.current import current

        current.name(_text(said, "run_name"))

    def _display(self, said: Mapping[str, Any]) -> None:
        from penstock.sdk.displaying import display

        display(self._shown(said["display"]), said.get("name"), said.get("caption"), said.get("step"))

    def _shown(self, what: Any) -> Any:
        if isinstance(what, str):
            from pathlib import Path

            return Path(os.path.join(self._folder, what))
        if isinstance(what, dict):
            content = cast("Dict[str, Any]", what)
            if "html" in content:
                from penstock.artifacts.media import HTML

                return HTML(content["html"])
            if "markdown" in content:
                return str(content["markdown"])
            if "json" in content:
                return content["json"]
        raise TypeError('expected {"display": "path"}, or {"display": {"html": "..."}}, "markdown" or "json"')


def _shown(line: bytes) -> str:
    return repr(line[:200].decode("utf-8", "replace"))


def _text(said: Mapping[str, Any], kind: str) -> str:
    if not isinstance(said[kind], str):
        raise TypeError(f'expected {{"{kind}": "text"}}')
    return said[kind]


def _is_count(number: Any) -> bool:
    return isinstance(number, (int, float)) and not isinstance(number, bool) and 0 <= number < math.inf
