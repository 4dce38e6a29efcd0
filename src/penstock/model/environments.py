"""What a step's code is run with, as the user wishes it. Pure."""

from __future__ import annotations

from typing import NamedTuple, Tuple


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
