"""`penstock`, and `python -m penstock` for an interpreter whose `bin` is not on PATH."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """The command. Ctrl-C ends it at once, and without a traceback, as long as it only imports what it needs."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        from penstock.cli.main import main

        signal.signal(signal.SIGINT, signal.default_int_handler)
    else:  # whoever started it has it ignored, say
        from penstock.cli.main import main
    return main()


if __name__ == "__main__":
    sys.exit(main())
