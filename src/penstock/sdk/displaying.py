"""`display`: what a step or a flow's body shows, stored beside its result; outside of a run it is shown at once."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Dict, Optional

from penstock.artifacts.masking import cut, masked
from penstock.model.texts import fault_of_name, whole
from penstock.sdk.metric_points import step_of
from penstock.sdk.recorders import Recorder, recorder_here

if TYPE_CHECKING:
    from penstock.artifacts.media import Shown

_LONGEST_CAPTION = 2_000
_LONGEST_NAME = 200


def display(obj: Any, name: Optional[str] = None, caption: Optional[str] = None, step: Optional[int] = None) -> None:
    """Show something of the task, or of the run, whose code this is: `display(figure, "confusion")`.

    Figures of matplotlib, seaborn, plotly and Altair, images of Pillow, frames of pandas and polars, arrays that are
    images, dicts and lists, text (as Markdown), `HTML("...")`, a `Path` to a picture, audio, video or text, and what
    says itself how a notebook shows it. It is stored as it is now, committed and cached with the task's result: an
    attempt that fails leaves nothing. `name`: what is displayed under the same name again takes its place; None: the
    next number. `step`: the training step or epoch, of a series under that name. `caption`: a line beside it.

    Outside of a run a notebook shows it, and a terminal prints what can be printed; a flow's body in a notebook does
    both. Raises TypeError for what can't be displayed, naming what can; ValueError for a name or a step that can't be
    recorded, and for what is too large.
    """
    from penstock.artifacts.shown import shown

    recorder = recorder_here()
    named = None if name is None else _checked(name)
    number = None if step is None else step_of(step, "display")
    found = shown(obj)
    if found.note:
        sys.stderr.write(f"display{f' {named}' if named else ''}: {found.note}\n")
    if recorder is None or recorder.is_body:
        _show(obj, found, caption, is_kept=recorder is not None)
    if recorder is not None:
        _record(recorder, found, named or str(recorder.records.number("display")), caption, number)


def _record(recorder: Recorder, found: Shown, name: str, caption: Optional[str], step: Optional[int]) -> None:
    from penstock.artifacts import codec

    stored = codec.encode(found.value, recorder.store, where=f"display {name}", layout=True).stored
    data: Dict[str, Any] = {"media": found.media}
    if caption is not None:
        data["caption"] = whole(cut(str(caption), _LONGEST_CAPTION))
    if found.note:
        data["note"] = found.note
    recorder.put("display", name, step, json.dumps(data, ensure_ascii=False), (stored,))


def _checked(name: Any) -> str:
    text = masked(str(name))
    fault = fault_of_name(text) or ("" if text.strip() and "\n" not in text else "is not a line of text")
    if not fault and len(text) > _LONGEST_NAME:
        fault = f"has {len(text):,} characters, and may have {_LONGEST_NAME}"
    if fault:
        raise ValueError(f"the name of display {cut(ascii(text), 80)} {fault}: it can't be recorded")
    return text


def _show(obj: Any, found: Shown, caption: Optional[str], is_kept: bool) -> None:
    """In a notebook as it would show it. Else in words, unless it is kept and can be looked at later."""
    if _in_notebook():
        from importlib import import_module

        show: Any = import_module("IPython.display").display
        as_given = not isinstance(obj, (str, bytes, bytearray, dict, list, tuple)) and (
            not hasattr(obj, "__fspath__") and found.media != "image/png"
        )
        show(*((obj,) if as_given else ({found.media: _for_notebook(found)},)), raw=not as_given)
        if caption:
            show({"text/markdown": str(caption)}, raw=True)
    elif not is_kept:
        told = found.value if not isinstance(found.value, bytes) else None
        if found.media.startswith("text/") or found.media == "application/json":
            told = found.value.decode("utf-8", "replace")
        told = f"<{found.media}, {len(found.value):,} bytes: in a run it is kept>" if told is None else told
        sys.stdout.write(f"{told}\n")


def _for_notebook(found: Shown) -> Any:
    if found.media == "application/json":
        return json.loads(found.value)
    if found.media.startswith("text/") or found.media == "image/svg+xml":
        return found.value.decode("utf-8", "replace")
    import base64

    return base64.b64encode(found.value).decode()


def _in_notebook() -> bool:
    """Whether a kernel, whose front end shows more than text, runs this."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    return shell is not None and hasattr(shell, "kernel")
