"""A tier that is opened when it is used: a run that needs nothing of it asks nothing of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from penstock.model.tier_urls import TierUrl
from penstock.tiers.port import FarBlobs, Tier


class LateTier:
    """Implements `port.Tier`. `opened`: makes ready what is used, once, in the thread that uses it first; where that
    raises, the next use tries again."""

    def __init__(self, place: TierUrl, opened: Callable[[], Tier]) -> None:
        self.url = TierUrl(place.folder).text()
        self._open = opened
        self._lock = threading.Lock()
        self._tier: Tier | None = None

    @property
    def project(self) -> str:
        return self._opened().project

    @property
    def blobs(self) -> FarBlobs:
        return self._opened().blobs

    def put(self, name: str, data: bytes) -> None:
        self._opened().put(name, data)

    def get(self, name: str) -> bytes | None:
        return self._opened().get(name)

    def list(self, prefix: str) -> list[str]:
        return self._opened().list(prefix)

    def delete(self, names: Iterable[str]) -> None:
        self._opened().delete(names)

    def close(self) -> None:
        with self._lock:
            tier, self._tier = self._tier, None
        if tier is not None:
            tier.close()

    def _opened(self) -> Tier:
        with self._lock:
            if self._tier is None:
                self._tier = self._open()
            return self._tier
