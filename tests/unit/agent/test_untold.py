"""What an agent has to tell, as it comes and goes."""

from __future__ import annotations

from penstock.agent.untold import Untold
from penstock.model import mail
from penstock.model.events import Began, Ended, Notice, Recalled
from penstock.model.outcomes import Outcome

DONE = Outcome("done")


def test_it_is_told_in_its_order_and_once():
    untold = Untold()
    letters = (Notice("one"), Began("a"), Notice("two"))
    untold.extend(letters)
    assert untold
    assert untold.take() == letters
    assert not untold
    assert untold.take() == ()


def test_of_what_is_over_it_is_not_told_that_it_began():
    untold = Untold()
    untold.extend((Began("a"), Began("b"), Began("c"), Ended("a", DONE), Recalled("c"), Ended("x", DONE)))
    assert untold.take() == (Began("b"), Ended("a", DONE), Recalled("c"), Ended("x", DONE))
    untold.add(Ended("b", DONE))  # that it began was told
    assert untold.take() == (Ended("b", DONE),)


def test_what_it_says_is_known_without_a_look_at_it():
    untold = Untold()
    untold.add(Began("a"))
    assert (untold.ends, untold.has_answers, untold.has_more_than_begun) == (0, False, False)
    untold.add(Ended("a", DONE))
    assert (untold.ends, untold.has_answers, untold.has_more_than_begun) == (1, False, True)
    untold.add(Recalled("b"))
    assert untold.has_answers
    untold.take()
    assert (untold.ends, untold.has_answers, untold.has_more_than_begun) == (0, False, False)
    untold.add(mail.Obeying(1, mail.Hello(1.0, None, 0, "1", "here"), ()))
    assert untold.has_answers
