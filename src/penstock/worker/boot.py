"""Makes a fresh interpreter ready to run attempts: paths, captured streams, recorded sources, the user's module."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import Any, Callable, Optional, Tuple

from penstock.artifacts import masking
from penstock.model.outcomes import Error
from penstock.model.specs import Places, RunSpec
from penstock.model.tuples import NamedTuple
from penstock.sdk import attempts
from penstock.shadows import guard
from penstock.worker import capture, posix, sources, tqdm_loops, write_audit
from penstock.worker.attempt import Workbench
from penstock.worker.bootstrap import kit_root
from penstock.worker.chance import Chance
from penstock.worker.hooks import ImportHooks
from penstock.worker.recorded_errors import error_of
from penstock.worker.restoring import Restoring

Explain = Callable[[BaseException, str], None]
"""Adds to what the import of a file raised what its environment has to do with it."""


class Ready(NamedTuple):
    """What a worker of this interpreter needs."""

    bench: Workbench
    chance: Chance
    restoring: Restoring
    library: Any


def boot(spec: RunSpec, places: Places) -> Ready:
    """Import the user's module. What it raises is kept, and becomes the failure of every attempt. Secrets are hidden
    before."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is the driver's to answer
    os.chdir(places.cwd)
    if places.sys_path:
        own = [folder for folder in sys.path if folder not in places.sys_path] if spec.foreign else []
        sys.path[:] = [*places.sys_path, *own]
        if kit_root() not in sys.path:
            sys.path.append(kit_root())
    sys.argv[:] = spec.argv or [places.module_path]
    hooks = ImportHooks()
    capture.install(hooks)
    tqdm_loops.watch(hooks)
    restoring = Restoring(hooks)
    recorded = sources.install(places.sources)
    guard()
    sys.meta_path.insert(0, hooks)
    hooks.when_imported("pathlib", lambda _: write_audit.listen())  # before that nobody returns a file
    explain: Optional[Explain] = None
    if spec.foreign:
        from penstock.worker import missing

        explain = missing.install()
    broken = _import(recorded, spec.module, places.module_path, explain) if spec.module else None
    library = posix.libc()
    chance = Chance(hooks, spec.seed, sweeps=True, library=library)
    return Ready(Workbench(spec, places, broken=broken, taken=chance.take_in), chance, restoring, library)


def hide_secrets(spec: RunSpec) -> None:
    """From now on their values are masked in what this process writes, and in what is forked from it."""
    masking.hide(os.environ.get(name, "") for name in spec.secrets)


def _import(recorded: sources.Sources, module: str, path: str, explain: Optional[Explain]) -> Optional[Error]:
    gc.disable()  # what an import makes stays; looking for cycles in it costs a tenth of its time
    try:
        with attempts.importing():
            sources.load_module(recorded, module, path)
    except BaseException as exception:  # noqa: BLE001  the boundary to the user's module, which may also exit
        if explain is not None:
            explain(exception, path or module)
        return error_of(exception, None, None)
    finally:
        gc.enable()
    return None


def setup_from_plain(data: Tuple[Any, ...]) -> Tuple[RunSpec, Places]:
    """The run and its places, which were packed as tuples."""
    spec, places = data
    return RunSpec(*spec), Places(*places)
