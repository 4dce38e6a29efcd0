"""Classes of declared fields that can be set."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from penstock.model.slotted import Slotted


class Item(Slotted):
    """A thing."""

    name: str
    size: int = 1
    tags: Unknown = ()  # type: ignore[name-defined]  # noqa: F821  nobody asks what it is

    @property
    def twice(self) -> int:
        return 2 * self.size

    def grown(self, by: int) -> Item:
        return Item(self.name, self.size + by)


class Nothing(Slotted):
    """No field."""


def test_an_object_has_the_fields_and_no_others():
    item = Item("a", tags=("x",))
    assert (item.name, item.size, item.tags, item.twice, item.grown(2).size) == ("a", 1, ("x",), 2, 3)
    item.size = 5
    assert repr(item) == "Item(name='a', size=5, tags=('x',))"
    with pytest.raises(AttributeError):
        item.other = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        Nothing().name  # type: ignore[attr-defined]  # noqa: B018
    assert item != Item("a", 5, ("x",))
    assert {item: 1}[item] == 1


def test_a_constructor_is_the_class_s_own():
    with pytest.raises(TypeError, match=r"Item.__init__\(\) missing 1 required positional argument: 'name'"):
        Item()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        Item("a", colour="red")  # type: ignore[call-arg]
    assert list(inspect.signature(Item).parameters) == ["name", "size", "tags"]
    assert (Item.__bases__, type(Item), Item.__doc__, Item.__module__) == ((object,), type, "A thing.", __name__)


def test_it_can_be_copied_and_matched():
    for same in (copy.copy(Item("a", 2)), copy.deepcopy(Item("a", 2)), pickle.loads(pickle.dumps(Item("a", 2)))):
        match same:
            case Item(name, size, tags):
                assert (name, size, tags) == ("a", 2, ())
            case _:
                pytest.fail("it has no fields to match")
