"""What this process does just now: the runs that it drives, the attempts that it runs, and how a flow gets a run.

The only state of the kit that is neither a value nor a context variable: a thread that a user starts inherits none of
those, and belongs to what the whole process does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from penstock.sdk.shared_process import SharedProcess

if TYPE_CHECKING:
    from penstock.sdk.attempts import AttemptContext
    from penstock.sdk.flows import Flow
    from penstock.sdk.session import Place


class ThisProcess:
    """One for each process. The package's top hands `launch`, `submit` and `watch` down; the kit has none."""

    def __init__(self) -> None:
        self.launch: Optional[Callable[[Flow[Any, Any], Dict[str, Any]], Any]] = None
        self.submit: Optional[Callable[[Flow[Any, Any], Dict[str, Any]], Any]] = None
        self.watch: Optional[Callable[..., Any]] = None  # makes the watcher of a run that Python goes on with
        self.places: List[Place] = []  # of the runs that this process drives
        self.submitted: List[str] = []  # runs that threads of their own drive, from `submit` on to their ends
        self.place: Optional[Place] = None  # of the one among them whose body the main thread runs
        self.attempts: List[AttemptContext] = []  # that run in this process
        self.listens = False  # whether it has its audit hook
        self.shared = SharedProcess()  # what they share and change


this_process = ThisProcess()
