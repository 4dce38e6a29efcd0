"""The rule of the code fingerprint: the walk from a step to all that counts as its code, and what each of it counts by.

A step's code is all that is reached from its function:

- A definition reaches what its names mean (`meanings.py`): functions, classes with all their members, constants,
  modules that are passed on, installed packages. What enters itself elsewhere, by a decorator of another module, as a
  subclass or by a metaclass, is not followed, and what it enters itself in is reported.
- The flow's module, and each that holds something reached, is imported on the way. So are the modules that these
  import; the bare statements of all of them run, and are reached.

What is reached counts:

- a definition by its form (`forms.py`), and by what its names mean outside of its module (`graph.py`);
- where something in it is computed as its module is imported (`computing.py`), also by its live value: a constant's
  content, what a function holds in defaults and closure, a class's attributes (`live.py`). What functions change, and
  what is not loaded, doesn't count so, and is reported;
- a package by its version and its build, Python by its version, a file that was declared by its content.

Comments, formatting, docstrings, the order of definitions, the names in a function's annotations and a step's options
don't count. Neither do packages that are reached only through other packages, nor what code reads of the world while it
runs. What can't be followed is reported (`reading.py`).

Pure: modules are found by a port, `meanings.Modules`; `graph.py` makes the nodes.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Mapping

from blake3 import blake3

from penstock.code.graph import FORM_BYTES, MEANING_BYTES, CodeGraph, Made, site
from penstock.model import wire
from penstock.model.tuples import NamedTuple


class Node(NamedTuple):
    """A piece of code that counts."""

    kind: str  # "function", "class", "constant", "statements" (of a module), "package", "python", "file", "variable",
    # "program" (what is declared of it), "library" (a package of another language), "image"
    digest: bytes  # of form, meaning and value, 16, 16 and 32 bytes; of Python the version as text, of a package of
    # any language its version and its build, "1.7.2 0f3a..."; without a build where none is known; of an image its id
    place: str  # its file as a user would name it, "features.py"; "" for packages and Python; an image's name
    reaches: tuple[str, ...]  # ids of the nodes that it reaches directly, sorted
    language: str = ""  # of a program, as people call it: "R"; it counts by its command

    @property
    def version(self) -> str:
        """Of a package, without its build, of Python, and of an image, "python:3.12 (1f2e...)"; "" of all else."""
        if self.kind == "image":
            return f"{self.place} ({self.digest.decode().removeprefix('sha256:')[:12]})"
        text = self.digest.decode() if self.kind in ("package", "library", "python") else ""
        return text if self.kind == "python" else text.partition(" ")[0]


class Tree(NamedTuple):
    """All that counts for a step, so that two fingerprints can be compared."""

    roots: tuple[str, ...]  # as asked, "digits:train": what to ask for to make it again
    nodes: dict[str, Node]  # by id, nearest to the roots first: "features:clean", "features:", "pandas", "python"
    unfollowed: tuple[str, ...]  # "features.py:12: getattr() by a computed name", sorted


class Fingerprint(NamedTuple):
    """What a step's code comes to."""

    digest: bytes  # 33 bytes: an algorithm byte, and of ids, kinds and digests of all nodes
    tree: Tree


class ProjectCode:
    """The code of a project, as a graph. `entry` is the module that workers import first, `python` its version."""

    def __init__(self, graph: CodeGraph, entry: str, python: str) -> None:
        self._graph = graph
        self._entry = entry
        self._python = Node("python", python.encode(), "", ())

    def fingerprint(self, roots: Iterable[str], given: Mapping[str, Mapping[str, Node]]) -> Fingerprint:
        """Of all that the roots reach. A root among `given` comes to these nodes; where all are, Python counts for
        nothing."""
        roots = tuple(roots)
        unfollowed: set[str] = set()
        walk = _GraphWalk(self._graph)
        followed = [root for root in roots if root not in given]
        for root in followed:
            ids = self._graph.ids(root)
            if not ids and not self._graph.is_outside(root):
                unfollowed.add(f"{root}: its source can't be found")
            walk.reach(ids)
        walk.go_on()
        if followed:
            walk.run(self._entry)
        made = walk.go_on()
        nodes = {identity: Node(*one[:4]) for identity, one in made.items()}
        for identity in walk.changed & made.keys():
            one = made[identity]
            nodes[identity] = nodes[identity]._replace(digest=one.digest[: FORM_BYTES + MEANING_BYTES])
            name = identity.partition(":")[2]
            unfollowed.add(site(one.place, one.line, f"{name} is changed while the code runs"))
        for root in roots:
            nodes.update(given.get(root, {}))
        if followed:
            nodes["python"] = self._python
        unfollowed.update(what for one in made.values() for what in one.unfollowed)
        return Fingerprint(digest_of(nodes), Tree(roots, nodes, tuple(sorted(unfollowed))))


class _GraphWalk:
    """From roots to all that they reach, the nearest first."""

    def __init__(self, graph: CodeGraph) -> None:
        self._graph = graph
        self._reached: set[str] = set()
        self._waiting: list[str] = []
        self._modules: set[str] = set()
        self._made: dict[str, Made] = {}
        self.changed: set[str] = set()
        """What is changed by something reached; it may be reached itself or not."""

    def reach(self, ids: Iterable[str]) -> None:
        for identity in ids:
            if identity not in self._reached:
                self._reached.add(identity)
                self._waiting.append(identity)

    def run(self, module: str) -> None:
        """Import a module, and those that are imported with it."""
        waiting = [module]
        while waiting:
            module = waiting.pop()
            if not module or module in self._modules:
                continue
            self._modules.add(module)
            imported = self._graph.imported(module)
            waiting += imported.modules
            self.reach(imported.statements)
            self.changed.update(imported.changes)

    def go_on(self) -> dict[str, Made]:
        """Walk to the end, and give all that was reached."""
        for identity in itertools.islice(self._waiting, len(self._made), None):  # which grows
            one = self._made[identity] = self._graph.make(identity)
            self.reach(one.reaches)
            self.changed.update(one.changes)
            for module in (one.module, *one.runs):
                self.run(module)
        return self._made


def digest_of(nodes: Mapping[str, Node]) -> bytes:
    """What all nodes of a fingerprint come to."""
    parts = [b"penstock.fingerprint.1"]
    for identity, node in sorted(nodes.items()):
        head = f"\0{identity}\0{node.kind}\0{len(node.digest)}\0"
        parts += (head.encode(errors="surrogatepass"), node.digest)
    return b"\x01" + blake3(b"".join(parts)).digest()


def pack(tree: Tree) -> bytes:
    """Bytes of a tree, for a row of the journal."""
    nodes = {identity: tuple(node) if node.language else tuple(node[:4]) for identity, node in tree.nodes.items()}
    return zlib.compress(wire.pack((tree.roots, nodes, tree.unfollowed)), 1)


def unpack(data: bytes) -> Tree:
    """The tree from the bytes of `pack`; raises wire.MalformedError for others."""
    try:
        packed = zlib.decompress(data)
    except zlib.error as error:
        raise wire.MalformedError(str(error)) from None
    return wire.read(Tree, packed)
