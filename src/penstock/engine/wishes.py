"""What a run tells the others on its machine: what it takes of it, and what it would like to have."""

from __future__ import annotations

from penstock.engine import facts
from penstock.engine.admission import Admission
from penstock.model.shares import Amount


class Wishes:
    """What was said last, and what is new since then."""

    def __init__(self, admission: Admission) -> None:
        self.is_asked = False  # somebody wants to know, news or not
        self._is_look = False
        self._admission = admission
        self._said = facts.HostWish(Amount())
        self._gave = False  # whether its lanes took more than its part then

    def offered(self, event: facts.Offered) -> None:
        """The run's part of the machine is another one."""
        portion = self._admission.portion
        if portion.bound is None:
            self._admission.count_portion()
        portion.bound = event.bound
        if event.bound is None:
            self._said = facts.HostWish(Amount())

    def asked(self, event: facts.Asked) -> None:
        """It is to be said anew."""
        self.is_asked, self._is_look = True, self._is_look or event.look

    def news(self) -> facts.HostWish | None:
        """What others may wait for, where it has changed. What is taken within the run's part is of no interest."""
        portion, said = self._admission.portion, self._said
        if portion.bound is None:
            self._admission.count_portion()
        used, lacks = portion.used, portion.new_lacks()
        gives, gave = portion.is_exceeded, self._gave
        self._gave = gives
        is_news = lacks != said.lacks or used.gpus != said.used.gpus or ((gives or gave) and used != said.used)
        if not is_news and not self.is_asked:
            return None
        self._said = facts.HostWish(used, lacks, portion.new_peak() if self._is_look else None)
        self.is_asked = self._is_look = False
        return self._said
