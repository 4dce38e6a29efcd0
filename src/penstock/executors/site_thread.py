"""The thread that talks to a site, which may take its time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from penstock.errors import PenstockError
from penstock.executors.site_port import Site


class SiteThread:
    """Asks a site, one question after the other, and hands in the answers: a result, or the PenstockError."""

    def __init__(self, site: Site, order: Callable[[Callable[[], None]], None]) -> None:
        self._site = site
        self._order = order
        self._questions: deque[tuple[Callable[[Site], Any], Callable[[Any], None]]] = deque()
        self._changed = threading.Condition()
        self._over = False
        self._thread = threading.Thread(target=self._work, name="penstock-site", daemon=True)
        self._thread.start()

    def ask(self, question: Callable[[Site], Any], answered: Callable[[Any], None]) -> None:
        with self._changed:
            self._questions.append((question, answered))
            self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Once all questions are answered, or after this time."""
        with self._changed:
            self._over = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._questions and not self._over:
                    self._changed.wait()
                if not self._questions:
                    return
                question, answered = self._questions.popleft()
            try:
                answer: Any = question(self._site)
            except PenstockError as error:
                answer = error
            self._order(lambda answered=answered, answer=answer: answered(answer))
