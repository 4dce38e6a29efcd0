"""`python -m penstock.agent CODE`: an agent that joins a run. Any Python 3 can read this much, and is told if it is too
old."""

import sys

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  pip refuses such a one, and a path to a checkout does not
        print(  # noqa: T201
            f"penstock agent: Python {sys.version.split()[0]} is too old, and an agent needs 3.11 or newer: name a "
            "newer one in `agent = [...]` of its executor, or leave that out, so that a bundle brings one",
            file=sys.stderr,
        )
        sys.exit(2)
    from penstock.agent.life import main

    sys.exit(main(sys.argv[1:]))
