"""What this process does just now: the runs that it drives, the attempts that it runs, and how a flow gets a run.

The only state of the kit that is neither a value nor a context variable: a thread that a user starts inherits none of
those, and belongs to what the whole process does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Type, TypeVar

if TYPE_CHECKING:
    from penstock.sdk.attempts import AttemptContext
    from penstock.sdk.flows import Flow
    from penstock.sdk.session import Place

_T = TypeVar("_T")


class ThisProcess:
    """One for each process. The package's top hands down how flows get runs, which the kit has not."""

    def __init__(self) -> None:
        self.launch: Optional[Callable[[Flow[Any, Any], Dict[str, Any]], Any]] = None
        self.submit: Optional[Callable[[Flow[Any, Any], Dict[str, Any]], Any]] = None
        self.watch: Optional[Callable[..., Any]] = None  # makes the watcher of a run that Python goes on with
        self.run_program: Optional[Callable[..., Dict[str, Any]]] = None  # outside of a run; handed down with `script`
        self.places: List[Place] = []  # of the runs that this process drives
        self.submitted: List[str] = []  # runs that threads of their own drive, from `submit` on to their ends
        self.place: Optional[Place] = None  # of the one among them whose body the main thread runs
        self.attempts: List[AttemptContext] = []  # that run in this process
        self.listens = False  # whether it has its audit hook
        self._ones: Dict[type, Any] = {}  # what its runs share, one object of a class

    def the_one(self, kind: Type[_T]) -> _T:
        """The only object of this class in the process; there from when it is first asked for."""
        return self._ones.setdefault(kind, kind())


this_process = ThisProcess()
