"""What attempts in the flow's own process are to leave as it was there: its directory and its variables.

These two rows of `python_state.py` are put back in another way here. A worker compares what was with what is, for
nobody else is there; here the body, its threads or a debugger may change it meanwhile, so that each change is noted
with who has made it. (`Chance.away` sets random numbers back; context variables go with the attempt's context.) Knows
nothing of runs: a guest is an attempt, in the thread that entered.
"""

from __future__ import annotations

import os
import threading
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from penstock.sdk.this_process import this_process


class Guest:
    """An attempt that runs in this process, and what it has set; a value of None: it has removed the variable."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.has_set: Dict[str, Optional[str]] = {}


class SharedProcess:
    """One for each process. What a guest sets is put back when it leaves, the directory when the last one does; what
    anybody else sets meanwhile stays. From any thread; guests that run at once see one another's changes."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._guests: List[Guest] = []
        self._kept: Dict[str, Optional[str]] = {}  # what the guests' variables were before; None: not set
        self._cwd: Optional[str] = None
        self._kinds: Tuple[Any, Any] = (None, None)

    def enter(self, variables: Iterable[Tuple[str, str]]) -> Guest:
        """An attempt begins in this thread, with variables of its own. Raises ValueError for one that can't be set."""
        given = tuple(variables)
        guest = Guest()
        with self._lock:
            if not self._guests:
                self._cwd = _directory()
                self._begin_to_note()
            self._guests.append(guest)
            try:
                for name, value in given:
                    os.environ[name] = value
            except BaseException:
                self.leave(guest)
                raise
        return guest

    def leave(self, guest: Guest) -> Optional[OSError]:
        """An attempt is over. Gives why this process can't go back to its directory, and stays where the attempts have
        left it; None: it is there, or other guests are left."""
        with self._lock:
            self._guests.remove(guest)
            if not self._guests:
                os.environ.__class__ = self._kinds[0]
            for name in guest.has_set:
                values = [other.has_set[name] for other in self._guests if name in other.has_set]
                self._put(name, values[-1] if values else self._kept.pop(name))
            if not self._guests and self._cwd is not None:
                try:
                    os.chdir(self._cwd)
                except OSError as error:
                    return error
        return None

    def before(self) -> Dict[str, str]:
        """The variables of this process without what guests have set: for processes that outlive them."""
        with self._lock:
            found = {**os.environ, **self._kept}
        return {name: value for name, value in found.items() if value is not None}

    def _begin_to_note(self) -> None:
        kind: Any = type(os.environ)
        if self._kinds[0] is not kind:
            self._kinds = (kind, _noting(kind, self._note))
        os.environ.__class__ = self._kinds[1]

    def _put(self, name: str, value: Optional[str]) -> None:
        kind = self._kinds[0]  # which notes nothing
        if value is not None:
            kind.__setitem__(os.environ, name, value)
        elif name in os.environ:
            kind.__delitem__(os.environ, name)

    def _note(self, name: str, value: Optional[str], change: Callable[[], None]) -> None:
        with self._lock:
            thread = threading.get_ident()
            guest = next((one for one in reversed(self._guests) if one.thread == thread), None)
            before = os.environ.get(name)
            change()
            if guest is not None:
                self._kept.setdefault(name, before)
                guest.has_set[name] = value


def of_this_process() -> SharedProcess:
    """That of all runs here."""
    return this_process.the_one(SharedProcess)


def _noting(kind: Any, note: Callable[[str, Optional[str], Callable[[], None]], None]) -> Any:
    """The class of `os.environ`, which tells who sets what: nothing else tells a guest's change from another's."""

    class Noting(kind):
        def __setitem__(self, name: str, value: str) -> None:
            note(name, value, lambda: kind.__setitem__(self, name, value))

        def __delitem__(self, name: str) -> None:
            note(name, None, lambda: kind.__delitem__(self, name))

    return Noting


def _directory() -> Optional[str]:
    """Where this process is; None: in a directory that is gone, to which nobody can go back."""
    try:
        return os.getcwd()
    except OSError:
        return None
