"""Calls and attempts: what is to be done, as plain data."""

from __future__ import annotations

import os
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple, Union

from penstock.model.edges import Part, Ref
from penstock.model.options import Options
from penstock.model.tuples import NamedTuple, made


class Function(NamedTuple):
    """A step's function, and how a worker finds it."""

    module: str  # importable name; a script's or `__main__`'s is its file's stem
    qualname: str
    record: Optional[bytes] = None  # the function itself, where it can't be imported (notebook, factory)
    positional: Tuple[str, ...] = ()  # names that must be passed by position


class Program(NamedTuple):
    """A script or a command that a step runs. A worker gives it its inputs as files, and takes files for its outputs;
    docs/programs.md.

    In its command `{name}` stands for the file of the input or output of this name, `{script}` for the script, and
    every other name for the text of an argument of the call; `{{name}}` for the word `{name}`.
    """

    module: str  # where the step is declared, and its name there
    name: str
    command: Tuple[str, ...]
    inputs: Tuple[Tuple[str, str], ...] = ()  # name, format (`sdk/file_formats.py`); "": what suits the value
    outputs: Tuple[Tuple[str, str], ...] = ()  # likewise
    script: str = ""  # which of its files is the script; "": there is none
    folder: str = ""  # which folder of its files it begins to work in
    files: Tuple[Tuple[str, bytes], ...] = ()  # where each lies among them, and the digest of what is in it
    record: Optional[bytes] = None  # of these: (where it lies, mode, what is in it) for each
    language: str = ""  # as people call it: "R"; "": not known
    defaults: Tuple[Tuple[str, str], ...] = ()  # of parameters: name, JSON

    positional = ()  # of an input it is the name that counts


Work = Union[Function, Program]
"""What a step does."""


class Input(NamedTuple):
    """One named input of a call, encoded in the flow's process."""

    name: str  # a parameter's; "*args" and "**kwargs" stand for the variadic ones
    identity: bytes  # digest in which edges count by their producers' keys
    record: Optional[bytes]  # None: the input is `refs[0]` itself
    refs: Tuple[Ref, ...] = ()
    preview: str = ""  # JSON; "" where the input is a reference
    blobs: Tuple[bytes, ...] = ()
    culprit: str = ""  # path to what has no stable form
    symbols: Tuple[str, ...] = ()  # "module:name" of the project's classes and functions inside; sorted
    content: bytes = b""  # digest in which files count by content, and edges by their place alone; b"": as `identity`


def as_called(positional: Tuple[str, ...], values: Mapping[str, Any]) -> Tuple[List[Any], Dict[str, Any]]:
    """Arguments by name, with `*args` and `**kwargs` under these names, as a call takes them."""
    if not positional and "*" not in "".join(values):
        return [], dict(values)
    args = [values[name] for name in positional if name in values]
    kwargs: Dict[str, Any] = {}
    for name, value in values.items():
        if name.startswith("**"):
            kwargs.update(value)
        elif name.startswith("*"):
            args.extend(value)
        elif name not in positional:
            kwargs[name] = value
    return args, kwargs


class Call(NamedTuple):
    """A call of a step in a run, before anything was decided about it."""

    key: bytes  # task identity, docs/formats.md
    step: str  # module-qualified name
    name: str  # short name, as in `digits/3/train/2`
    work: Work
    options: Options
    inputs: Tuple[Input, ...]
    shared: Tuple[Input, ...] = ()  # the `same` arguments of a map: one tuple for all its calls
    closed_over: bytes = b""  # content digest of what its function closes over; b"": nothing, or no stable form
    culprit: str = ""  # path to what it closes over and has no stable form
    defaults: Tuple[str, ...] = ()  # inputs that are what the parameter would have had anyway
    scope: int = 0  # number of the nested flow that made it; 0: the run's own flow did


class FlowCall(NamedTuple):
    """A call of a flow inside a run: a scope of its own."""

    key: bytes
    flow: str  # module-qualified name
    name: str  # short name, as in `digits/3/inner/2`
    inputs: Tuple[Input, ...]
    scope: int = 0  # number of the nested flow that made it; 0: the run's own flow did


class Resolved(NamedTuple):
    """An input as a worker gets it: bytes in the place of references."""

    name: str
    record: Optional[bytes]
    refs: Tuple[bytes, ...] = ()  # records of the producers' results
    parts: Tuple[Part, ...] = ()  # of these results; (): all of each


class Attempt(NamedTuple):
    """One try of a task, as any executor can run it. A worker needs nothing else."""

    id: str  # "digits/3/train/2#1"
    key: bytes
    work: Work
    inputs: Tuple[Resolved, ...]
    retry_on: Optional[Tuple[str, ...]]
    verify: bool  # check the digests of what is read: it comes from an earlier driver
    basis: bytes = b""  # what its checkpoints rest on, beside the key: code and inputs; b"": the code is not known
    failures: int = 0  # attempts before it that failed by the step's own doing: each new one has other random numbers
    timeout_s: Optional[float] = None  # its driver ends it so long after it began; None: it may take any time

    @property
    def task(self) -> str:
        """The task's path: "digits/3/train/2"."""
        return self.id.rpartition("#")[0]

    @property
    def number(self) -> int:
        """1 for the first attempt."""
        return int(self.id.rpartition("#")[2])


class RunSpec(NamedTuple):
    """What is the same for all attempts of a run, wherever they run; a worker gets it once, when it starts."""

    run: str  # "digits/3"
    params: Tuple[Tuple[str, bytes], ...] = ()  # name, record
    snapshot: str = ""  # digest of the code snapshot, as text; "" where there is none
    module: str = ""  # the flow's module, imported before the first attempt
    argv: Tuple[str, ...] = ()  # of the flow's process: what the user's module may read while it is imported
    kit: str = ""  # digest of the kit that the interpreter is given, as text; "": it is the flow's own
    secrets: Tuple[str, ...] = ()  # names of environment variables whose values are masked in all that is kept
    driver: str = "1"  # "2" for the run's second one: no two drivers of a run name a worker or its log alike
    seed: str = ""  # what random numbers come of, beside the task; in digits, "": the task alone
    log_bytes: int = 0  # how much is kept of what an attempt prints; 0: all
    nonce: str = ""  # tells the run from every other of any project: what leaves the machine is named by it
    luggage: Tuple[bytes, int] = (
        b"",
        0,
    )  # digest and size of the blob that brings its code (`Luggage`); b"": none does

    @property
    def foreign(self) -> bool:
        """Whether the interpreter is not the flow's own, nor are its packages."""
        return bool(self.kit)


class Places(NamedTuple):
    """Where the things of a run lie on one machine, which makes it for itself: nothing of it travels."""

    store: str  # folder of blobs
    scratch: str  # folder of one driver's for temporary files, removed when it ends
    checkpoints: str  # folder whose sub-folders survive a task's attempts
    logs: str  # folder of the run's log files
    cwd: str
    sources: str = ""  # file of the code snapshot; "" where there is none
    module_path: str = ""  # file of the flow's module; "" where it is found by name alone
    sys_path: Tuple[str, ...] = ()
    container: Tuple[Any, ...] = ()  # `ProgramContainer.plain()`: what its programs run in; (): this machine alone

    def log(self, file: str) -> str:
        """The path of a log file, which outcomes name by its place among the run's logs."""
        return os.path.join(self.logs, file)

    def temporary(self, attempt: str) -> Tuple[str, str]:
        """The folders of an attempt, which are there once it asks for them: for temporary files, and for the files
        among its inputs. `scratch` is one driver's, and under that no two attempts have one name."""
        folder = os.path.join(self.scratch, attempt.replace("/", "-").replace("#", "-"))
        return f"{folder}-tmp", f"{folder}-files"


def attempts_to_plain(attempts: Iterable[Attempt]) -> List[Tuple[Any, ...]]:
    """Plain data for a message. What several have in common, it holds once."""
    works: Dict[int, Tuple[Any, ...]] = {}
    plain: List[Tuple[Any, ...]] = []
    for id_, key, work, inputs, retry_on, verify, basis, failures, timeout_s in attempts:
        named = works.get(id(work)) or works.setdefault(id(work), (isinstance(work, Program), *work))
        resolved = tuple([tuple(item) for item in inputs])
        plain.append((id_, key, named, resolved, retry_on, verify, basis, failures, timeout_s))
    return plain


def attempts_from_plain(data: Iterable[Tuple[Any, ...]]) -> List[Attempt]:
    """The attempts that `attempts_to_plain` was given."""
    attempts: List[Attempt] = []
    named: Any = None
    work: Any = None
    for id_, key, given, inputs, retry_on, verify, basis, failures, timeout_s in data:
        if given is not named:
            is_program, *fields = named = given
            work = Program(*fields) if is_program else Function(*fields)
        resolved = tuple([made(Resolved, item) for item in inputs])
        attempts.append(made(Attempt, (id_, key, work, resolved, retry_on, verify, basis, failures, timeout_s)))
    return attempts
