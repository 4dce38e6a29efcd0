"""What uv says, as versions 0.5 and 0.13 said it, and what a user reads."""

from __future__ import annotations

import pytest

from penstock.environments import uv_failures
from penstock.errors import PenstockError, PlatformError, UsageError

CONFLICT = """\
warning: Failed to inspect Python interpreter from search path at `/shims/python3.10`
  cause: Querying Python at `/shims/python3.10` failed with exit status exit status: 127
error: No solution found when resolving dependencies
  cause: Because scikit-learn==1.5.2 depends on numpy>=1.19.5 and you require scikit-learn==1.5.2, we can conclude.
         And because you require numpy==1.19.0, we can conclude that your requirements are unsatisfiable.
"""
OLD_CONFLICT = """\
  × No solution found when resolving dependencies:
  ╰─▶ Because there is no version of six==99 and you require six==99, we can
      conclude that your requirements are unsatisfiable.
"""
UNREACHABLE = """\
error: Request failed after 3 retries in 6.6s
  cause: Failed to fetch: http://127.0.0.1:9/simple/six/
  cause: error sending request for url (http://127.0.0.1:9/simple/six/)
  cause: client error (Connect)
  cause: tcp connect error
  cause: Connection refused (os error 111)
"""
MISSING = """\
error: No interpreter found for Python 3.99 in managed installations or search path

hint: uv embeds available Python downloads and may require an update to install new versions. Consider retrying.
"""
FULL = """\
error: Failed to install: six-1.17.0-py2.py3-none-any.whl (six==1.17.0)
  cause: No space left on device (os error 28) at path "/disk/six.py"
"""
TYPO = """\
error: Couldn't parse requirement in `-` at position 0
  cause: Unexpected end of version specifier, expected version
         six==
            ^^
"""


def read(said: str, code: int = 1) -> PenstockError:
    return uv_failures.failure("resolve the environment", said, code, "/bin/uv")


@pytest.mark.parametrize(
    ("said", "error", "text"),
    [
        (
            CONFLICT,
            UsageError,
            (
                "can't resolve the environment: No solution found when resolving dependencies\n"
                "  Because scikit-learn==1.5.2 depends on numpy>=1.19.5 and you require scikit-learn==1.5.2, we can "
                "conclude.\n"
                "  And because you require numpy==1.19.0, we can conclude that your requirements are unsatisfiable.\n"
                "Mend what the environment asks for"
            ),
        ),
        (
            OLD_CONFLICT,
            UsageError,
            (
                "can't resolve the environment: No solution found when resolving dependencies:\n"
                "  Because there is no version of six==99 and you require six==99, we can\n"
                "  conclude that your requirements are unsatisfiable.\n"
                "Mend what the environment asks for"
            ),
        ),
        (
            UNREACHABLE,
            UsageError,
            (
                "can't resolve the environment: http://127.0.0.1:9/simple/six/ can't be reached: "
                "Connection refused (os error 111)\n"
                "Check the network, or name an index that can be reached, as with UV_DEFAULT_INDEX"
            ),
        ),
        (
            MISSING,
            UsageError,
            (
                "can't resolve the environment: No interpreter found for Python 3.99 in managed installations or "
                "search path\nInstall it, or name another one; `uv python list` shows those that there are"
            ),
        ),
        (
            FULL,
            PlatformError,
            (
                "can't resolve the environment: Failed to install: six-1.17.0-py2.py3-none-any.whl (six==1.17.0)\n"
                '  No space left on device (os error 28) at path "/disk/six.py"\n'
                "Free some space there: `penstock gc`, `uv cache clean`"
            ),
        ),
        (
            TYPO,
            UsageError,
            (
                "can't resolve the environment: Couldn't parse requirement\n"
                "  Unexpected end of version specifier, expected version\n"
                "  six==\n"
                "     ^^\n"
                "Mend what the environment asks for"
            ),
        ),
        (
            "error: unexpected argument '--compile' found\n\nUsage: uv pip\n\nFor more information, try '--help'.\n",
            UsageError,
            (
                "can't resolve the environment: unexpected argument '--compile' found\n"
                "It is too old: pip install --upgrade 'penstock[env]'"
            ),
        ),
        ("\x1b[1m\x1b[31merror\x1b[39m\x1b[0m: odd\n", UsageError, "can't resolve the environment: odd"),
        ("", UsageError, "can't resolve the environment: /bin/uv said nothing"),
    ],
)
def test_a_failure_reads_well(said: str, error: type[PenstockError], text: str):
    found = read(said)
    assert str(found) == text
    assert type(found) is error


def test_a_killed_uv_is_no_fault_of_the_user():
    assert str(read("Resolved", -9)) == "can't resolve the environment: /bin/uv was killed by signal 9. Run it again"
    assert isinstance(read("Resolved", -9), PlatformError)


def test_a_long_reason_keeps_its_conclusion():
    text = str(read("error: No solution found\n" + "".join(f"  cause: because {number}\n" for number in range(99))))
    assert len(text.splitlines()) == 32
    assert "because 98\nMend" in text
