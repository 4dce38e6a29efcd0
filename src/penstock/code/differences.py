"""Names what differs between two fingerprints, in words that a user reads, the nearest to the step first."""

from __future__ import annotations

from penstock.code.fingerprint import Node, Tree
from penstock.code.graph import FORM_BYTES, MEANING_BYTES
from penstock.model.tuples import NamedTuple

_MEANT = FORM_BYTES + MEANING_BYTES
_BY_VERSION = ("package", "library", "python", "image")
_BUILT_ANEW = "was built anew under its old version"
_VALUES = {"constant": "has another value", "function": "holds other values", "class": "holds other values"}


class Change(NamedTuple):
    """One difference. `str` of it is one line."""

    id: str
    what: str  # "clean() in features.py", "pandas 3.0.1"
    happened: str  # "changed", "became 3.1.0", "has another value", "holds other values", "is new", "is gone"

    def __str__(self) -> str:
        return f"{self.what} {self.happened}"


def differences(old: Tree, new: Tree) -> list[Change]:
    """All changes from the old fingerprint to the new one; empty where nothing differs.

    The nearest to the step come first, so that what is new because its caller changed stands behind the caller.
    """
    changes = [
        _change(identity, old.nodes.get(identity), node)
        for identity, node in new.nodes.items()
        if not _only_sees_more(old, new, identity) and not _only_sees_more(new, old, identity)
    ]
    gone = [
        Change(identity, _name(identity, node), _is(node, "gone"))
        for identity, node in old.nodes.items()
        if identity not in new.nodes
    ]
    return [*(change for change in changes if change is not None), *gone]


def _only_sees_more(less: Tree, more: Tree, identity: str) -> bool:
    """Whether a name of it leads further only since a module is there that wasn't: that is the news, and not itself."""
    one, other = less.nodes.get(identity), more.nodes.get(identity)
    if one is None or other is None or one.kind != other.kind or one.kind in _BY_VERSION or not other.place:
        return False
    if one.digest[:FORM_BYTES] != other.digest[:FORM_BYTES] or one.digest[_MEANT:] != other.digest[_MEANT:]:
        return False
    further = set(other.reaches) - set(one.reaches)
    return set(one.reaches) < set(other.reaches) and not further & less.nodes.keys()


def _change(identity: str, old: Node | None, new: Node) -> Change | None:
    if old is None:
        return Change(identity, _name(identity, new), _is(new, "new"))
    if old[:2] == new[:2]:
        return None
    if old.kind == new.kind and new.kind in ("package", "library"):
        return _change_of_package(identity, old, new)
    if old.kind == new.kind == "environment":
        return Change(identity, "which archives its environment takes (--no-binary, --only-binary)", "changed")
    if old.kind == new.kind == "image":
        return Change(identity, _name(identity, old), f"became {new.version}")
    if old.kind == new.kind == "python":
        return Change(identity, _name(identity, old), f"became {_version(new, old)}")
    is_source = old.kind != new.kind or old.digest[:_MEANT] != new.digest[:_MEANT] or new.kind not in _VALUES
    return Change(identity, _name(identity, new), "changed" if is_source else _VALUES[new.kind])


def _change_of_package(identity: str, old: Node, new: Node) -> Change | None:
    """None where only one of the two says which build it is: its record is older than builds, or it has no list."""
    (before, build), (version, other) = (node.digest.decode().partition(" ")[::2] for node in (old, new))
    if before == version:
        return Change(identity, _name(identity, old), _BUILT_ANEW) if build and other else None
    return Change(identity, _name(identity, old), f"became {version}")


def _is(node: Node, what: str) -> str:
    return f"{'are' if node.kind == 'statements' else 'is'} {what}"


def _version(new: Node, old: Node) -> str:
    """3.12 of "3.12 CPython", unless the implementation is what changed."""
    version, _, implementation = new.version.partition(" ")
    return version if old.version.partition(" ")[2] == implementation else f"{version} {implementation}"


def _name(identity: str, node: Node) -> str:
    name = identity.partition(":")[2]
    match node.kind:
        case "package":
            return f"{identity} {node.version}"
        case "library":
            return f"{name} {node.version} of {identity.partition(':')[0]}"
        case "image":
            return f"the image {node.version}"
        case "python":
            return f"Python {node.version.partition(' ')[0]}"
        case "statements":
            return f"the top-level statements of {node.place}"
        case "function":
            return f"{name}() in {node.place}"
        case "program":
            return f"what is declared of the program {name}"
        case "file":
            return node.place
        case "variable":
            return f"the environment variable {identity.partition(':')[2]}"
        case "environment":
            return "an environment of its own"
        case _:
            return f"{name} in {node.place}"
