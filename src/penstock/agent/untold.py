"""What an agent has to tell, until its next letter, and how soon somebody needs it. Pure.

Hundreds of attempts end between two letters, and each end asks: nothing here looks at all that is to be told.
"""

from __future__ import annotations

from collections.abc import Iterable

from penstock.model import mail
from penstock.model.events import Began, Ended, Recalled


class Untold:
    """Letters in their order. Of an attempt that has ended it is not told that it had begun: most are short, and their
    end says all."""

    def __init__(self) -> None:
        self._letters: dict[int, mail.UpLetter] = {}
        self._number = 0
        self._began: dict[str, int] = {}  # where it is said, by attempt
        self.ends = 0  # letters that say how attempts ended
        self._answers = 0

    def __bool__(self) -> bool:
        return bool(self._letters)

    def add(self, letter: mail.UpLetter) -> None:
        """Have one more."""
        self._number += 1
        self._letters[self._number] = letter
        if isinstance(letter, Began):
            self._began[letter.attempt] = self._number
        elif isinstance(letter, (Ended, Recalled)):
            self._forget_began(letter.attempt)
            self.ends += isinstance(letter, Ended)
            self._answers += isinstance(letter, Recalled)
        else:
            self._answers += isinstance(letter, mail.Obeying)

    def _forget_began(self, attempt: str) -> None:
        began = self._began.pop(attempt, None)
        if began is not None:
            del self._letters[began]

    def extend(self, letters: Iterable[mail.UpLetter]) -> None:
        """Have more."""
        for letter in letters:
            self.add(letter)

    def take(self) -> tuple[mail.UpLetter, ...]:
        """All of them, which are told now."""
        letters = tuple(self._letters.values())
        self._letters, self._began, self.ends, self._answers = {}, {}, 0, 0
        return letters

    @property
    def has_more_than_begun(self) -> bool:
        """Whether some say more than that attempts have begun."""
        return len(self._letters) > len(self._began)

    @property
    def has_answers(self) -> bool:
        """Whether a driver has asked for some."""
        return self._answers > 0
