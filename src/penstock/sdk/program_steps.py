"""`script` and `command`: steps that are programs of any language."""

from __future__ import annotations

import os
import shlex
import sys
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union, cast

from penstock.errors import UsageError
from penstock.model.options import Options
from penstock.sdk import file_formats
from penstock.sdk.keywords import changed, named
from penstock.sdk.languages import LANGUAGES, language_of
from penstock.sdk.program_files import ProgramFiles
from penstock.sdk.program_words import fault
from penstock.sdk.programs import ProgramFunction
from penstock.sdk.steps import Step

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from penstock.sdk.keywords import StepOptions

    Files = Union[Mapping[str, Optional[str]], Iterable[str]]
    Parameters = Union[Mapping[str, Any], Iterable[str], None]
    ProgramStep = Step[..., Dict[str, Any]]


def script(
    path: Union[str, os.PathLike[str]],
    *,
    inputs: Files = (),
    outputs: Files = (),
    parameters: Parameters = None,
    args: Sequence[str] = (),
    interpreter: Union[str, Sequence[str], None] = None,
    **given: Unpack[StepOptions],
) -> ProgramStep:
    """A step that runs a script of any language: `script("fit.R", inputs={"table": "csv"}, outputs={"fit": "json"})`.

    `path` is seen from the file that says it. `inputs` and `outputs`: names and formats, "json", "text", "bytes",
    "csv", "parquet", "arrow", "npy", "png", "safetensors", "folder", "file", or how a file ends, as "html"; a list of
    names takes inputs as what suits the value, and outputs as files. A call gives inputs by position or name; its other
    keywords are parameters, which the script reads as JSON; `parameters`: which there are, a dict with their defaults
    or a list; None: any. It returns a dict of its outputs. `args`: more words for its command line, with `{name}` for
    an input's or output's path or a parameter. `interpreter`: what runs it; None: its first line says so, or its
    suffix.
    What else a step takes (`step`) this takes, too; `uses=[Path("lib.R")]` are files that it reads itself, `name` is
    its stem by default. docs/programs.md says what a script finds.

    Raises UsageError for what can't be meant; a script that is not there is found missing by its first call.
    """
    place = SaidAt(f"script {os.fspath(path)}")
    text = place.path(path, "a script")
    suffix = os.path.splitext(text)[1]
    words = place.words("interpreter", interpreter) if interpreter is not None else ()
    known = LANGUAGES.get(suffix.lower())
    language = language_of(words[0]) if words else (known and (known.name, known.package))
    own = (*words, "{script}") if words else ()
    made = DeclaredProgram(place, place.words("args", args), inputs, outputs, parameters, is_script=True)
    return made.step(text, stem_of(text), own, language[0] if language else "", given)


def command(
    words: Union[str, Sequence[str]],
    *,
    inputs: Files = (),
    outputs: Files = (),
    parameters: Parameters = None,
    **given: Unpack[StepOptions],
) -> ProgramStep:
    """A step that runs a command: `command(["perl", "count.pl", "{text}", "{counts}"], inputs={"text": "text"},
    outputs={"counts": "json"}, name="count")`.

    In its words `{name}` stands for the path of an input or output, or for a parameter, which a call gives by keyword;
    `parameters`: which there are, a dict with their defaults or a list; None: those that the words name. `{{name}}` is
    the word `{name}`. A word that names a file beside the one which declares the step brings that file. No shell reads
    it: `["sh", "-c", "..."]` has one. Everything else is as `script` says; `name` is that of its program by default.
    """
    place = SaidAt("command")
    found = place.words("words", words)
    program = os.path.splitext(os.path.basename(found[0]))[0]
    language = language_of(found[0])
    made = DeclaredProgram(place, found, inputs, outputs, parameters, is_script=False)
    name = "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in program).strip("_-")
    return made.step("", name if name[:1].isalpha() else "command", (), language[0] if language else "", given)


def stem_of(path: str) -> str:
    """What a step is called that runs this file."""
    return os.path.splitext(os.path.basename(path))[0].replace(".", "_").replace(" ", "_")


class SaidAt:
    """Where a step is declared."""

    def __init__(self, what: str) -> None:
        frame: Any = getattr(sys, "_getframe")(2)  # noqa: B009  of the module that says it
        self.module: str = frame.f_globals.get("__name__", "__main__")
        file: Any = frame.f_globals.get("__file__")
        self.base = os.path.dirname(os.path.abspath(file)) if isinstance(file, str) else os.getcwd()
        shown = os.path.basename(file) if isinstance(file, str) else "the notebook"
        self.told = f"{what} ({shown}:{frame.f_lineno})"

    def wrong(self, why: str) -> UsageError:
        return UsageError(f"{self.told}: {why}")

    def path(self, given: Any, what: str) -> str:
        """The path of what is to be run."""
        text = cast("object", os.fspath(given))
        if not isinstance(text, str) or not text or text.endswith("/"):
            raise self.wrong(f"expected the path of {what}, not {given!r}")
        return text

    def words(self, what: str, given: Any) -> Tuple[str, ...]:
        """Words of a command, of a list or of one text as a shell would split it."""
        try:
            found: List[Any] = shlex.split(given) if isinstance(given, str) else [os.fspath(word) for word in given]
        except (TypeError, ValueError) as error:
            raise self.wrong(f"{what}={given!r}: expected a list of texts ({error})") from None
        if not all(isinstance(word, str) and "\0" not in word for word in found) or (not found and what != "args"):
            raise self.wrong(f"{what}={given!r}: expected a list of texts, the first of them a program")
        return tuple(found)


class DeclaredProgram:
    """What was said of a program, checked."""

    def __init__(
        self, place: SaidAt, words: Tuple[str, ...], inputs: Any, outputs: Any, parameters: Any, *, is_script: bool
    ) -> None:
        self._place, self._words = place, words
        try:
            self._inputs = file_formats.declared("inputs", inputs)
            self._outputs = file_formats.declared("outputs", outputs)
            self._parameters = None if parameters is None else file_formats.names_of("parameters", parameters)
        except ValueError as error:
            raise place.wrong(str(error)) from None
        kinds = [dict(self._inputs), dict(self._outputs), self._parameters or {}, {"script": 0}]
        for name in [name for one in kinds for name in one]:
            if sum(name in one for one in kinds) > 1:
                raise place.wrong(f"{name!r} has two meanings: inputs, outputs and parameters have names of their own")
        files = [name for name, _ in (*self._inputs, *self._outputs)] + (["script"] if is_script else [])
        why = fault(words, files, tuple(self._parameters or ()), self._parameters is not None)
        if why:
            raise place.wrong(why)
        self._check_defaults()

    def _check_defaults(self) -> None:
        import json

        for name, value in (self._parameters or {}).items():
            if value is not ...:
                try:
                    json.dumps(value, allow_nan=False)
                except (TypeError, ValueError) as error:
                    raise self._place.wrong(f"the default of {name} is nothing that JSON can hold: {error}") from None

    def step(
        self,
        script: str,
        name: str,
        interpreter: Tuple[str, ...],
        language: str,
        given: Mapping[str, Any],
        known: Optional[Sequence[str]] = None,
    ) -> ProgramStep:
        """The step, with the options of steps that were given. `known`: as `ProgramFunction` has it."""
        place = self._place
        name = named(place.told, given.get("name"), name if name.isidentifier() or given.get("name") else "script")
        options = changed(Options(), place.told, given)
        files = ProgramFiles(place.told, place.base, script, self._words, options.uses or ())
        fn = ProgramFunction(
            place.module, name, self._words, self._inputs, self._outputs, self._parameters, files, interpreter,
            language, known,
        )  # fmt: skip
        fn.__doc__ = f"Runs {script}." if script else f"Runs `{shlex.join(self._words)}`."
        return cast("ProgramStep", Step(cast("Any", fn), options, name))
