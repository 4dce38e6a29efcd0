"""What a run displayed, as one looks at it from Python. In a notebook it is shown there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from penstock.artifacts.media import TABLE
from penstock.artifacts.shown import suffix_of
from penstock.errors import NotFoundError
from penstock.model.outcomes import Stored
from penstock.reading import display_infos
from penstock.reading.reader import JournalReader
from penstock.reading.structs import DisplayInfo
from penstock.reading.values import Loader


class Display:
    """Something that a task, or a flow's body, has displayed."""

    def __init__(self, reader: JournalReader, loader: Loader, info: DisplayInfo, stored: Stored) -> None:
        self._reader, self._loader, self._info, self._stored = reader, loader, info, stored
        self.task: str = info.task  # "digits/3/train/2"; "digits/3": its own body
        self.name: str = info.name
        self.step: int | None = info.step  # of a series of this name; None: it is alone
        self.media: str = info.media  # "image/png", "text/markdown", ...
        self.caption: str = info.caption
        self.at: datetime = info.at

    def load(self) -> Any:
        """A table as it was, unpickled; text as text, JSON as what it says, all else as bytes. Raises DamagedError."""
        if self.media == TABLE:
            return self._loader.load(self._stored, f"display {self.name}")
        found = bytes(display_infos.content(self._reader, self._info, self._stored))
        if self.media == "application/json":
            return json.loads(found)
        return found.decode() if self.media.startswith("text/") else found

    def save(self, to: str | Path, *, force: bool = False) -> Path:
        """Write it to a file, or into a folder under its name; the file that was written. `force`: in the place of one
        that is there, else UsageError."""
        from penstock.reading.saving import save

        value = self.load() if self.media == TABLE else self._bytes()
        stem = f"{self.task}-{self.name}{'' if self.step is None else f'-{self.step}'}".replace("/", "-")
        target = Path(to)
        if target.is_dir() and isinstance(value, bytes):
            target = target / f"{stem}{suffix_of(self.media) or '.bin'}"
        return save(value, target, name=stem, force=force)

    def _bytes(self) -> bytes:
        return bytes(display_infos.content(self._reader, self._info, self._stored))

    def info(self) -> DisplayInfo:
        """All that is known of it but its content, as plain data."""
        return self._info

    def __repr__(self) -> str:
        step = "" if self.step is None else f" step {self.step}"
        return f"<display {self.name}{step} of {self.task}: {self.media}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """For notebooks. A table is shown by its preview."""
        if self.media == TABLE:
            return {"text/plain": self._info.value.text}
        content = self.load()
        if isinstance(content, bytes):
            if self.media.endswith("json"):
                content = json.loads(content)
            elif self.media.endswith("svg+xml"):
                content = content.decode()
            else:
                import base64

                content = base64.b64encode(content).decode()
        return {self.media: content, "text/plain": self._info.caption or repr(self)}


class Displays(list[Display]):
    """What was displayed, by task, name and step."""

    def __init__(self, of: str, found: Iterable[Display]) -> None:
        super().__init__(found)
        self._of = of

    def named(self, name: str, step: int | None = None) -> Display:
        """The one of this name; of several the latest. `step` None: of any step. Raises NotFoundError."""
        fitting = [one for one in self if one.name == name and step in (None, one.step)]
        if not fitting:
            names = ", ".join(dict.fromkeys(one.name for one in self)) or "nothing"
            at = "" if step is None else f" at step {step}"
            raise NotFoundError(f"{self._of} displays nothing named {name!r}{at}; it displays {names}")
        return max(fitting, key=lambda one: one.at)


def displays_of(reader: JournalReader, loader: Loader, run: Any, of: str, task: int | None = None) -> Displays:
    """What a task (its number in the run), or all of a run (None), displayed."""
    found = display_infos.displays(reader, run, task)
    return Displays(of, (Display(reader, loader, one.info, one.stored) for one in found))
