"""The standard streams of the flow's own process: what the code of a run writes there is kept, too.

A stream gets a `write` that keeps what passes, and stays the object that it is. So whoever holds it is heard, as a
handler of `logging` that has had it since before the run, and whoever reads what comes of it sees no difference. Which
code writes is told from its context: that of an attempt, or of a flow's body.

Knows nothing of files; who keeps is a `Keeper`.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from threading import get_ident
from types import BuiltinMethodType
from typing import Any, Callable, Dict, Generator, List, Optional, Protocol, Set

from penstock.artifacts.masking import masked
from penstock.model.tuples import NamedTuple
from penstock.model.visible import visible
from penstock.sdk import attempts, session
from penstock.sdk.this_process import this_process
from penstock.shadows import standard
from penstock.worker.capture import LineStream, teach_logging, teach_warnings
from penstock.worker.hooks import ImportHooks

_TAUGHT = (("logging", teach_logging), ("warnings", teach_warnings))
"""The modules that know of levels, and what has them tell."""


class Keeper(Protocol):
    """Who keeps what the attempts of one run write in this process, or what its flow's body writes."""

    aside: bool
    """Whether stdout is somebody else's: what is written there is then shown on stderr, and masked."""

    def line(self, which: int) -> Optional[LineStream]:
        """What keeps a stream; None: nothing of it is kept. `which`: 0 for stdout, 1 for stderr. From any thread."""
        ...


class _Tapped(NamedTuple):
    """A stream whose `write` is ours."""

    stream: Any
    which: int
    write: Callable[[str], int]
    show: Callable[[str], int]  # its own


class _Bare:
    """A stream with another `write`."""

    def __init__(self, stream: Any, write: Callable[[str], int]) -> None:
        self._stream = stream
        self.write = write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Front(_Bare):
    """Stands before a stream whose `write` somebody else has set already: IPython sets it for each cell, and takes it
    back with all that was put above it meanwhile."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream, lambda text: stream.write(text))

    @property
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  a kernel asks for its own
        return self._stream.__class__


class _Change(NamedTuple):
    """An attribute that is ours for now."""

    owner: Any
    name: str
    before: Any
    after: Any
    was_own: bool  # not its class's

    def undo(self) -> None:
        if getattr(self.owner, self.name, None) is not self.after:
            return  # somebody has put one above it, which calls it: without a keeper it lets all pass
        if self.was_own:
            setattr(self.owner, self.name, self.before)
        else:
            delattr(self.owner, self.name)


class Streams:
    """One for each process. Taps its streams as long as a run of it has a keeper. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._keepers: Dict[int, Keeper] = {}  # by `id` of their owners, which stand in `_owners`
        self._owners: List[Any] = []
        self._uses = 0
        self._tapped: Dict[int, _Tapped] = {}  # by `id` of the stream
        self._errors: Optional[_Tapped] = None  # what shows what must not go to stdout
        self._relaying: Set[int] = set()  # threads: what passes there was kept already
        self._above: Dict[int, Callable[[str], int]] = {}  # by `id` of a stream: what stands in its place
        self._changes: List[_Change] = []
        self._hooks: Optional[ImportHooks] = None

    def enter(self, owner: Any, keeper: Keeper) -> None:
        """What is written for the owner (a `RunSpec`: by attempts with it; a `RunSession`: by its flow's body) is kept
        from now on."""
        with self._lock:
            self._begin()
            self._owners.append(owner)
            self._keepers[id(owner)] = keeper

    def leave(self, owner: Any) -> None:
        with self._lock:
            del self._keepers[id(owner)]
            self._owners = [other for other in self._owners if other is not owner]
            self._end()

    @contextmanager
    def replaced(self, stdout: Any, stderr: Any) -> Generator[None, None, None]:
        """Have these in the places of `sys.stdout` (None: it stays) and `sys.stderr`, also for who holds what stood
        there. They themselves write on to `bare` ones."""
        with self._lock:
            self._begin()
            before, errors = (sys.stdout, sys.stderr), self._errors
            for which, (old, new) in enumerate(zip(before, (stdout, stderr))):
                self._tap(new, which)
                if old is not None and id(new) in self._tapped:
                    self._above[id(old)] = self._tapped[id(new)].show
            sys.stdout, sys.stderr = sys.stdout if stdout is None else stdout, stderr
        try:
            yield
        finally:
            with self._lock:
                self._above.clear()
                sys.stdout, sys.stderr = (
                    old if now is new else now
                    for old, new, now in zip(before, (stdout, stderr), (sys.stdout, sys.stderr))
                )
                self._errors = errors
                self._end()

    def bare(self, stream: Any) -> Any:
        """The stream as it was: what is written there is kept by nobody."""
        tapped = self._tapped.get(id(stream))
        return _Bare(stream, stream.write if tapped is None else tapped.show)

    def keeper(self) -> Optional[Keeper]:
        """Who keeps what the calling code writes; None: nobody does."""
        here = attempts.attempt_here() if this_process.attempts else None
        return self._keepers.get(id(session.body_here() if here is None else here.spec))

    def _begin(self) -> None:
        self._uses += 1
        for which, name in enumerate(("stdout", "stderr")):
            stream = getattr(sys, name)
            has_own_write = "write" in getattr(stream, "__dict__", ())
            front = _Front(stream) if has_own_write and id(stream) not in self._tapped else None
            self._tap(stream, which)
            if front is not None:
                self._tap(front, which)
                self._change(sys, name, front)
        if self._uses == 1:
            self._teach()

    def _end(self) -> None:
        self._uses -= 1
        if self._uses:
            return
        for change in reversed(self._changes):
            change.undo()
        self._changes.clear()
        self._tapped.clear()
        self._errors = None
        if self._hooks in sys.meta_path:
            sys.meta_path.remove(self._hooks)

    def _tap(self, stream: Any, which: int) -> None:
        if stream is None or id(stream) in self._tapped:
            return
        keeper_here, relaying, above, key = self.keeper, self._relaying, self._above, id(stream)
        show = before = getattr(stream.write, "beneath", stream.write)  # not one of a run before, that had to stay
        if not isinstance(before, BuiltinMethodType):  # no file: it may write on to a stream that is tapped, too
            show = self._relayed(before)
            if hasattr(stream, "flush"):
                self._change(stream, "flush", self._relayed(stream.flush))

        def write(text: str) -> int:
            keeper = keeper_here()
            shown = above.get(key, show) if above else show
            if keeper is None or (relaying and get_ident() in relaying):
                return shown(text)
            if keeper.aside:
                self._show_aside(text)
                count = len(text)
            else:
                count = shown(text)
            line = keeper.line(which)
            if line is not None:
                line.write(text)
            return count

        vars(write)["beneath"] = before
        if self._change(stream, "write", write):
            self._tapped[id(stream)] = tapped = _Tapped(stream, which, write, show)
            if which:
                self._errors = tapped
                return
            for name in ("isatty", "fileno"):
                if hasattr(stream, name):
                    self._change(stream, name, self._asked(getattr(stream, name), name))

    def _asked(self, own: Callable[[], Any], name: str) -> Callable[[], Any]:
        """What stdout says of itself: to code whose text is shown on stderr, what that says."""

        def asked() -> Any:
            keeper, errors = self.keeper(), self._errors
            if keeper is None or not keeper.aside or errors is None:
                return own()
            return getattr(errors.stream, name)()

        return asked

    def _change(self, owner: Any, name: str, after: Any) -> bool:
        """Put it there; False: an object of C code's takes no attributes. It shows all, and nothing of it is kept."""
        before = getattr(owner, name)
        if any(change.after is before for change in self._changes):
            return False  # it is there already
        change = _Change(owner, name, before, after, name in getattr(owner, "__dict__", ()))
        try:
            setattr(owner, name, after)
        except (AttributeError, TypeError):
            return False
        self._changes.append(change)
        return True

    def _relayed(self, do: Callable[..., Any]) -> Callable[..., Any]:
        """What is written inside, by this thread, was kept already."""
        relaying = self._relaying

        def relayed(*given: Any) -> Any:
            thread = get_ident()
            if thread in relaying:
                return do(*given)
            relaying.add(thread)
            try:
                return do(*given)
            finally:
                relaying.discard(thread)

        return relayed

    def _show_aside(self, text: str) -> None:
        """On stderr. A terminal gets what does it no harm; a progress bar goes back to the beginning of its line."""
        errors = self._errors
        if errors is None:
            return
        text = masked(text)
        if errors.stream.isatty():
            text = "\r".join(visible(part, colours=True) for part in text.split("\r"))
        errors.show(text)

    def _teach(self) -> None:
        """Have `logging` and `warnings` tell levels; where they are not imported yet, when they are."""
        self._hooks = hooks = ImportHooks()
        for name, teach in _TAUGHT:

            def taught(module: Any, teach: Any = teach) -> None:
                if self._uses:
                    self._changes.append(_Change(*teach(module, self._line_of), was_own=True))

            hooks.when_imported(name, taught)
        if not all(standard(name) for name, _ in _TAUGHT):
            sys.meta_path.insert(0, hooks)

    def _line_of(self, stream: Any) -> Optional[LineStream]:
        """What keeps the text that the calling code is about to write to a stream."""
        tapped, keeper = self._tapped.get(id(stream)), self.keeper()
        if tapped is None or keeper is None:
            return None
        if stream.write is not tapped.write:  # IPython has taken it back; nothing stands before a handler's stream
            with self._lock:
                errors = self._errors
                if self._tapped.pop(id(stream), None) is not None:
                    self._tap(stream, tapped.which)
                self._errors = self._tapped.get(id(stream)) if errors is tapped else errors
        return keeper.line(tapped.which)


def of_this_process() -> Streams:
    """Those of all runs here."""
    return this_process.the_one(Streams)
