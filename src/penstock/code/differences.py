"""Names what differs between two fingerprints, in words that a user reads, the nearest to the step first."""

from __future__ import annotations

from typing import NamedTuple

from penstock.code.fingerprint import Node, Tree
from penstock.code.graph import FORM_BYTES


class Change(NamedTuple):
    """One difference. `str` of it is one line."""

    id: str
    what: str  # "clean() in features.py", "pandas 3.0.1"
    happened: str  # "changed", "became 3.1.0", "has another value", "is new", "is gone"

    def __str__(self) -> str:
        return f"{self.what} {self.happened}"


def differences(old: Tree, new: Tree) -> list[Change]:
    """All changes from the old fingerprint to the new one; empty where nothing differs.

    The nearest to the step come first, so that what is new because its caller changed stands behind the caller.
    """
    changes = [_change(identity, old.nodes.get(identity), node) for identity, node in new.nodes.items()]
    gone = [
        Change(identity, _name(identity, node), _is(node, "gone"))
        for identity, node in old.nodes.items()
        if identity not in new.nodes
    ]
    return [*(change for change in changes if change is not None), *gone]


def _change(identity: str, old: Node | None, new: Node) -> Change | None:
    if old is None:
        return Change(identity, _name(identity, new), _is(new, "new"))
    if old[:2] == new[:2]:
        return None
    if old.kind == new.kind and new.kind in ("package", "python"):
        return Change(identity, _name(identity, old), f"became {_version(new, old)}")
    is_value = old.kind == new.kind == "constant" and old.digest[:FORM_BYTES] == new.digest[:FORM_BYTES]
    return Change(identity, _name(identity, new), "has another value" if is_value else "changed")


def _is(node: Node, what: str) -> str:
    return f"{'are' if node.kind == 'statements' else 'is'} {what}"


def _version(new: Node, old: Node) -> str:
    """3.12 of "3.12 CPython", unless the implementation is what changed."""
    version, _, implementation = new.digest.decode().partition(" ")
    return version if old.digest.decode().partition(" ")[2] == implementation else f"{version} {implementation}"


def _name(identity: str, node: Node) -> str:
    name = identity.partition(":")[2]
    match node.kind:
        case "package":
            return f"{identity} {node.digest.decode()}"
        case "python":
            return f"Python {node.digest.decode().partition(' ')[0]}"
        case "statements":
            return f"the top-level statements of {node.place}"
        case "function":
            return f"{name}() in {node.place}"
        case "file":
            return node.place
        case _:
            return f"{name} in {node.place}"
