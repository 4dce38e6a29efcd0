"""Penstock: machine learning as a flow.

The public names, imported when they are first used, so that `import penstock` costs next to nothing.
"""

from penstock.shadows import guard

guard()  # before all else: the folder of a script may hold files that are named like Python's own

import gc  # noqa: E402
from importlib import import_module  # noqa: E402
from sys import modules  # noqa: E402

TYPE_CHECKING = (
    False  # as `typing` has it, which takes 8 ms to import. `__future__` may be the project's, before `guard`
)
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "flow": "penstock.sdk.flows",
    "step": "penstock.sdk.steps",
    "script": "penstock.sdk.program_steps",
    "notebook": "penstock.sdk.notebook_steps",
    "command": "penstock.sdk.program_steps",
    "Flow": "penstock.sdk.flows",
    "Step": "penstock.sdk.steps",
    "Future": "penstock.sdk.concurrent_futures",
    "Futures": "penstock.sdk.futures",
    "Backoff": "penstock.model.options",
    "Cache": "penstock.model.options",
    "Environment": "penstock.model.environments",
    "Image": "penstock.model.images",
    "grow": "penstock.sdk.keywords",
    "current": "penstock.sdk.current",
    "log_metrics": "penstock.sdk.current",
    "display": "penstock.sdk.displaying",
    "progress": "penstock.sdk.progressing",
    "HTML": "penstock.artifacts.media",
    "run": "penstock.client",
    "runs": "penstock.client",
    "resume": "penstock.client",
    "fork": "penstock.client",
    "compare": "penstock.client",
    "errors": "penstock",
}

__all__ = [
    "HTML",
    "Backoff",
    "Cache",
    "Environment",
    "Flow",
    "Future",
    "Futures",
    "Image",
    "Step",
    "__version__",
    "command",
    "compare",
    "current",
    "display",
    "errors",
    "flow",
    "fork",
    "grow",
    "log_metrics",
    "notebook",
    "progress",
    "resume",
    "run",
    "runs",
    "script",
    "step",
]


def __getattr__(name: str) -> "Any":
    where = _WHERE.get(name)
    if where is None:
        raise AttributeError(f"module 'penstock' has no attribute {name!r}")
    if where == "penstock":
        return import_module(f"penstock.{name}")
    value = getattr(_imported(where), name)
    globals()[name] = value
    if where in ("penstock.sdk.flows", "penstock.client"):
        _hand_down()
    if where in ("penstock.sdk.program_steps", "penstock.sdk.notebook_steps"):
        _hand_down_programs()
    return value


def _imported(module: str) -> "Any":
    """The module. What an import makes stays: to look for cycles in it costs a tenth of its time, and as much again
    afterwards, as long as it counts as young."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return import_module(module)
    finally:
        if hasattr(gc, "freeze") and not gc.get_freeze_count():  # not in PyPy; and what somebody froze stays so
            gc.freeze()
            gc.unfreeze()  # into the oldest generation
        if was_enabled:
            gc.enable()


def __dir__() -> list[str]:
    return list(__all__)


def _hand_down() -> None:
    """Tell the sdk how a flow that is called outside a run gets one. The kit has no `launch`, and so no such way."""
    from importlib.machinery import PathFinder

    from penstock.sdk.this_process import this_process

    if PathFinder.find_spec("penstock.launch", __path__) is None:
        return

    def watch(project: "Any", *, resumed: bool = False) -> "Any":
        if _is_notebook():
            return import_module("penstock.cli.cell_display").CellDisplay(project, resumed=resumed)
        return import_module("penstock.cli.display").PlainDisplay(project, resumed=resumed)

    def launch(flow: "Any", params: "dict[str, Any]") -> "Any":
        # Another run of this process may have lent its own variables to an attempt just now.
        environ = import_module("penstock.worker.shared_process").of_this_process().before()
        with import_module("penstock.executors.spare_zygote").spare_zygote(environ=environ):
            return _imported("penstock.launch.handles").from_python(flow, params, watch)

    def submit(flow: "Any", params: "dict[str, Any]") -> "Any":
        return _imported("penstock.launch.handles").submit_from_python(flow, params, watch)

    this_process.launch, this_process.submit, this_process.watch = launch, submit, watch


def _hand_down_programs() -> None:
    """Tell the sdk how a program runs that is called outside of a run, or inside of another step."""
    from importlib.machinery import PathFinder

    from penstock.sdk.this_process import this_process

    def run_program(program: "Any", content: "Any", arguments: "dict[str, Any]", environment: "Any") -> "Any":
        if environment is None:
            return import_module("penstock.worker.program").run_here(program, content, arguments)
        if PathFinder.find_spec("penstock.launch", __path__) is None:
            raise import_module("penstock.errors").UsageError(
                f"{program.name} has an image of its own, and is called inside of a step that runs in another one: "
                "call it in the flow, and pass the step what it gives"
            )
        return _imported("penstock.launch.program_calls").run_in_image(program, content, arguments, environment)

    this_process.run_program = run_program


def _is_notebook() -> bool:
    """Whether the cell of a notebook calls: IPython in a terminal has no kernel."""
    shell = modules["IPython"].get_ipython() if "IPython" in modules else None
    return getattr(shell, "kernel", None) is not None


if TYPE_CHECKING:
    from penstock import errors as errors
    from penstock.artifacts.media import HTML as HTML
    from penstock.client import compare as compare
    from penstock.client import fork as fork
    from penstock.client import resume as resume
    from penstock.client import run as run
    from penstock.client import runs as runs
    from penstock.model.environments import Environment as Environment
    from penstock.model.images import Image as Image
    from penstock.model.options import Backoff as Backoff
    from penstock.model.options import Cache as Cache
    from penstock.sdk.concurrent_futures import Future as Future
    from penstock.sdk.current import current as current
    from penstock.sdk.current import log_metrics as log_metrics
    from penstock.sdk.displaying import display as display
    from penstock.sdk.flows import Flow as Flow
    from penstock.sdk.flows import flow as flow
    from penstock.sdk.futures import Futures as Futures
    from penstock.sdk.keywords import grow as grow
    from penstock.sdk.notebook_steps import notebook as notebook
    from penstock.sdk.program_steps import command as command
    from penstock.sdk.program_steps import script as script
    from penstock.sdk.progressing import progress as progress
    from penstock.sdk.steps import Step as Step
    from penstock.sdk.steps import step as step
