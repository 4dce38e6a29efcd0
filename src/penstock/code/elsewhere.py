"""The fingerprint of a step with an environment of its own: its packages and its Python are those of the lock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from penstock.code.fingerprint import Fingerprint, Node, Tree, digest_of
from penstock.code.installed import normal, possible_names

_MISSING = r": there is no module (\S+) on the path$"
_OF_THE_FLOW = ("package", "python")
ITS_OWN = ("environment", "image", "library", "variable")
"""The kinds of nodes that an environment brings beside packages and Python."""
LOCK = "environment"
"""The id of the node that says that the packages are those of a lock."""


def in_environment(
    found: Fingerprint,
    python: str,
    packages: Iterable[tuple[str, str, str]],
    selection: str,
    variables: Mapping[str, bytes],
    libraries: Iterable[tuple[str, str, str, str]] = (),
    image: tuple[str, str] = ("", ""),
) -> Fingerprint:
    """The fingerprint as it is with this Python ("3.10"; "": the flow's own, and its packages) and these packages:
    name, version and build, which tells of a package that was built anew under its old version.

    `selection`: what says which archives of a package are taken, "": any. `variables`: digests of the values of
    environment variables, by name. `libraries`: packages of other languages: kind, name, version and build. `image`:
    name and id of the one that it runs in, "": none; its own packages count by its id, whatever it is called.
    """
    nodes = dict(found.tree.nodes)
    if python or image[1]:
        nodes = {identity: node for identity, node in nodes.items() if node.kind not in _OF_THE_FLOW}
        if image[1]:
            nodes["image"] = Node("image", image[1].encode(), image[0], ())
        nodes[LOCK] = Node("environment", selection.encode(), "", ())  # first: it explains other builds
        nodes.update(
            (name, Node("package", f"{version} {build}".encode(), "", ())) for name, version, build in packages
        )
        if python:
            nodes["python"] = Node("python", python.encode(), "", ())
    nodes.update(
        (f"{kind}:{name}", Node("library", f"{version} {build}".encode(), "", ()))
        for kind, name, version, build in libraries
    )
    nodes.update((f"env:{name}", Node("variable", digest, "", ())) for name, digest in sorted(variables.items()))
    tree = found.tree._replace(nodes=nodes, unfollowed=tuple(_left(found.tree.unfollowed, nodes)))
    return Fingerprint(digest_of(nodes), tree)


def _left(unfollowed: Iterable[str], nodes: Mapping[str, Node]) -> Iterator[str]:
    """What can't be followed, but for modules that the flow lacks and that the environment's packages bring."""
    packages = {normal(name) for name, node in nodes.items() if node.kind == "package"}
    for what in unfollowed:
        missing = re.search(_MISSING, what)
        if missing is None or packages.isdisjoint(possible_names(missing[1])):
            yield what


def without_packages(tree: Tree) -> Tree:
    """The tree without what an environment brings, so that two can be compared where that is not known."""
    kept = {identity: node for identity, node in tree.nodes.items() if node.kind not in (*_OF_THE_FLOW, *ITS_OWN)}
    return tree._replace(nodes=kept)
