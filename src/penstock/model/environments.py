"""What a step's code is run with, as the user wishes it. Pure."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple


class Environment(NamedTuple):
    """An interpreter and packages. Several steps may share one; equal wishes are one environment."""

    packages: Tuple[str, ...] = ()  # requirements, "scikit-learn==1.5.2"
    python: str = ""  # "3.10", "3.10.13", "pypy3.9", or an interpreter's path; "": the version of the flow's own
    requirements: str = ""  # absolute path of a requirements file; "": none
    pyproject: str = ""  # absolute path of a folder with pyproject.toml, and uv.lock where there is one; "": none
    constraints: Tuple[str, ...] = ()  # absolute paths of files that bound versions and ask for nothing
    indexes: Tuple[str, ...] = ()  # URLs; the first is the default one; (): what the user has set for uv, or PyPI
    find_links: Tuple[str, ...] = ()  # folders or pages where archives lie, beside the indexes
    env: Tuple[Tuple[str, str], ...] = ()  # environment variables, name and value, sorted; given as a dict
    secrets: Tuple[str, ...] = ()  # names of environment variables whose values are never stored or shown


def over(own: Optional[Environment], default: Optional[Environment]) -> Optional[Environment]:
    """What holds where `own` is said over a default; None: nothing is said. An empty `Environment()` says: the flow's
    own, whatever the default.

    What is to be installed (packages, requirements, pyproject) is one's own or the default's as a whole; variables and
    secrets are joined; all else is the default's where nothing is said.
    """
    if own is None or default is None:
        return own or default
    if own == Environment():
        return own
    installs = own if own.packages or own.requirements or own.pyproject else default
    return Environment(
        packages=installs.packages,
        python=own.python or default.python,
        requirements=installs.requirements,
        pyproject=installs.pyproject,
        constraints=own.constraints or default.constraints,
        indexes=own.indexes or default.indexes,
        find_links=own.find_links or default.find_links,
        env=tuple(sorted({**dict(default.env), **dict(own.env)}.items())),
        secrets=tuple(dict.fromkeys((*default.secrets, *own.secrets))),
    )


def settled(own: Optional[Environment], default: Optional[Environment]) -> Optional[Environment]:
    """What a step is run with; None: the flow's own."""
    found = over(own, default)
    return None if found == Environment() else found
