from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from penstock.errors import UsageError
from penstock.exchange import mlflow_address


@pytest.mark.parametrize("read", [mlflow_address.opened, mlflow_address.server])
def test_what_is_no_address_at_all_is_told(read: Callable[[str], Any]) -> None:
    with pytest.raises(UsageError, match=r"http://\[::1 is no address: Invalid IPv6 URL"):
        read("http://[::1")
