"""What a step may ask about the attempt that runs it, and what it may say: `current` and `log_metrics`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

from penstock.errors import UsageError
from penstock.model.texts import fault_of_tag, fault_of_words
from penstock.sdk.attempts import MEND, AttemptContext, attempt_here
from penstock.sdk.session import place_of_flow

if TYPE_CHECKING:
    from pathlib import Path


class Current:
    """The attempt that runs this code. Each attribute raises UsageError outside a step of a run; what is said of the
    run may come from a flow's body, too."""

    @property
    def run(self) -> str:
        """`digits/3`."""
        return self._here("run").spec.run

    @property
    def task(self) -> str:
        """`digits/3/train/2`."""
        return self._here("task").task

    @property
    def attempt(self) -> int:
        """1 for the first attempt, 2 for its first retry."""
        return int(self._here("attempt").attempt.rpartition("#")[2])

    @property
    def parameters(self) -> Dict[str, Any]:
        """The run's parameters by name; reads them when first touched."""
        here = self._here("parameters")
        if here.parameters is None:
            here.parameters = {name: _parameter(name, record, here) for name, record in here.spec.params}
        return here.parameters

    @property
    def tempdir(self) -> Path:
        """An empty folder of this attempt's own, removed when the attempt ends."""
        from pathlib import Path

        return Path(self._here("tempdir").tempdir())

    @property
    def checkpoint_dir(self) -> Path:
        """A folder that all attempts of this task share: what one wrote is there for the next, also after a resume.

        Not where the step's code, or a result among its inputs, is another one by then, nor in another run: then it is
        an empty folder.
        """
        from pathlib import Path

        return Path(self._here("checkpoint_dir").checkpoint_dir())

    def tag(self, *tags: str) -> None:
        """Add tags to the run whose code this is, a step's or a flow's body: words, or `key=value`.

        Committed with the task's result, as what `display` keeps is: an attempt that fails adds none. Outside of a run
        this does nothing, as the next two. Raises ValueError for what is no tag.
        """
        for tag in tags:
            self._record("tag", fault_of_tag(tag), tag, tag)

    def name(self, name: str) -> None:
        """Name the run, in a few words, in the place of the name that it has."""
        self._describe("name", name)

    def note(self, note: str) -> None:
        """Note something about the run, in the place of what was noted."""
        self._describe("note", note)

    def _describe(self, what: str, text: str) -> None:
        self._record(what, fault_of_words(what, text), text, "")

    def _record(self, kind: str, fault: str, text: str, name: str) -> None:
        if fault:
            raise ValueError(f"{ascii(text)[:80]} is no {kind} of a run: it {fault}")
        import json  # most record nothing

        from penstock.artifacts.masking import masked
        from penstock.sdk.recorders import recorder_here

        recorder = recorder_here()
        if recorder is not None:
            recorder.put(kind, masked(name), data="{}" if name else json.dumps({"text": masked(text)}))

    def _here(self, name: str) -> AttemptContext:
        here = attempt_here()
        if here is None:
            raise UsageError(f"current.{name} was used outside a step of a run, where there is no attempt")
        return here

    def __repr__(self) -> str:
        here = attempt_here()
        return f"<current: {here.attempt}>" if here else "<current: outside a step>"


def _parameter(name: str, record: bytes, here: AttemptContext) -> Any:
    from penstock.artifacts import codec

    try:
        return codec.decode(record, here.store, files_into=here.input_files)
    except Exception as error:
        from penstock.artifacts import unreadable

        unreadable.explain(error, f"the parameter {name} of {here.spec.run}", record, here.store, MEND)
        raise


current = Current()


def log_metrics(metrics: Mapping[str, float], step: Optional[int] = None) -> None:
    """Record numbers of the attempt, or of the run, whose code this is, as `log_metrics({"accuracy": 0.9}, step=3)`.

    `step` is the training step or epoch; None: the metric has none. From anywhere in a step, its helpers and threads
    included, or in a flow's body: a resume calls that anew, and what it logs then takes the place of what was there.
    Outside of a run it does nothing. Raises TypeError or ValueError for what is not a number, for a step beyond 64
    bits, and for a name that is no text or has more than 1,000 characters.
    """
    here = attempt_here()
    if here is not None:
        here.log(metrics, step)
        return
    place = place_of_flow()
    if place is not None:
        place.run.log(metrics, step)
