"""Names that stand in pickles and are elsewhere in another version of Python or of a library.

Asked only after a name was not found; knows nothing of records.
"""

from __future__ import annotations

import importlib
import operator
from typing import Any, Dict, Tuple

_MODULES = (
    ("pathlib._local", "pathlib"),  # Python 3.13
    ("numpy._core", "numpy.core"),  # numpy 2
    ("numpy.core", "numpy._core"),  # numpy 1
)
_NAMES: Dict[Tuple[str, str], Tuple[str, str]] = {
    ("_pypy_generic_alias", "GenericAlias"): ("types", "GenericAlias"),
    ("numpy", "bool"): ("numpy", "bool_"),
    ("numpy", "long"): ("numpy", "int_"),
    ("numpy", "ulong"): ("numpy", "uint"),
    ("pandas._libs.tslibs.nattype", "_nat_unpickle"): ("pandas._libs.tslibs.nattype", "__nat_unpickle"),  # pandas 3
    ("pandas._libs.tslibs.nattype", "__nat_unpickle"): ("pandas._libs.tslibs.nattype", "_nat_unpickle"),
    ("pytz", "_p"): (__name__, "zone"),  # pandas 3 does without pytz
    ("pytz", "_UTC"): (__name__, "utc"),
    ("pytz", "FixedOffset"): (__name__, "fixed_offset"),
}


def find(module: str, name: str) -> Any:
    """What a name that is not found stands for here; None: nobody knows."""
    places = [_NAMES[module, name]] if (module, name) in _NAMES else []
    for old, new in _MODULES:
        if f"{module}.".startswith(f"{old}."):
            places.append((new + module[len(old) :], name))
    for module, name in places:
        try:
            return operator.attrgetter(name)(importlib.import_module(module))
        except (ImportError, AttributeError):
            continue
    return None


def zone(name: str, *offsets: Any) -> Any:
    """A time zone of pytz's as one of Python's own, which needs no `offsets` to know which of its times is meant."""
    import zoneinfo

    return zoneinfo.ZoneInfo(name)


def utc() -> Any:
    """UTC of pytz's."""
    import datetime

    return datetime.timezone.utc


def fixed_offset(minutes: int) -> Any:
    """A time zone of pytz's without a name."""
    import datetime

    return datetime.timezone(datetime.timedelta(minutes=minutes))
