"""Runs a session with Python's prompt that comes on stdin; exits 1 where an output is not the one that stands there."""

from __future__ import annotations

import doctest
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = os.fspath(Path(__file__).parents[2])
    from tests.docs.matching import difference

    class Checker(doctest.OutputChecker):
        """Compares as the console blocks are compared."""

        def check_output(self, want: str, got: str, optionflags: int) -> bool:
            return not difference(want.splitlines(), got, os.getcwd())

    test = doctest.DocTestParser().get_doctest(sys.stdin.read(), {"__name__": "__main__"}, "session", None, None)
    sys.path.insert(0, "")
    failed, _ = doctest.DocTestRunner(Checker(), verbose=False).run(test)
    sys.exit(1 if failed else 0)
