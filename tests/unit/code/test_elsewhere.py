"""What an image changes about a step's fingerprint: its id counts, its name does not, and the words name both."""

from __future__ import annotations

from penstock.code import fingerprint
from penstock.code.differences import differences
from penstock.code.elsewhere import LOCK, in_environment, without_packages
from penstock.code.fingerprint import Fingerprint, Node, Tree

_NODES = {
    "flow:fit": Node("function", b"f" * 64, "flow.py", ()),
    "pandas": Node("package", b"2.2.0 build", "", ()),
    "python": Node("python", b"3.12 CPython", "", ()),
}
_OWN = Fingerprint(fingerprint.digest_of(_NODES), Tree(("flow:fit",), _NODES, ()))
_ONE, _OTHER = (f"sha256:{digit * 64}" for digit in "ab")


def _in_image(name: str, image: str, python: str = "3.11.2") -> Fingerprint:
    return in_environment(_OWN, python, [("numpy", "2.1.0", "x")], "", {}, (), (name, image))


def test_the_id_of_an_image_counts_and_its_name_does_not() -> None:
    found = _in_image("python:3.11", _ONE)
    assert found.digest == _in_image("team/python", _ONE).digest
    assert found.digest != _in_image("python:3.11", _OTHER).digest
    assert found.digest != in_environment(_OWN, "3.11.2", [("numpy", "2.1.0", "x")], "", {}).digest
    assert "pandas" not in found.tree.nodes
    assert LOCK in found.tree.nodes
    assert fingerprint.unpack(fingerprint.pack(found.tree)) == found.tree


def test_an_image_without_python_has_none() -> None:
    assert "python" not in in_environment(_OWN, "", (), "", {}, (), ("bare", _ONE)).tree.nodes


def test_the_image_that_changed_is_named_before_and_now() -> None:
    old, new = _in_image("python:3.11", _ONE).tree, _in_image("python:3.12", _OTHER, "3.12.1").tree
    assert list(map(str, differences(old, new))) == [
        f"the image python:3.11 ({'a' * 12}) became python:3.12 ({'b' * 12})",
        "Python 3.11.2 became 3.12.1",
    ]
    moved = _in_image("python:3.11", _OTHER).tree
    assert str(differences(old, moved)[0]) == f"the image python:3.11 ({'a' * 12}) became python:3.11 ({'b' * 12})"
    assert str(differences(_OWN.tree, new)[0]) == f"the image python:3.12 ({'b' * 12}) is new"
    assert differences(without_packages(old), without_packages(moved)) == []
