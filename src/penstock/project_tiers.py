"""The far tiers of one project: which folder there is its own, and that no other journal's driver writes to it.

Part of the composition root: it joins settings, journal and tiers, and knows nothing of runs.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager

from penstock.artifacts.opening import open_folder
from penstock.journal import far_places
from penstock.journal.far_places import FarPlace
from penstock.journal.journal import Journal
from penstock.model.tier_urls import parse_tier_url
from penstock.model.words import plural
from penstock.settings import Settings
from penstock.tiers import ownership
from penstock.tiers.late_tier import LateTier
from penstock.tiers.port import Tier
from penstock.tiers.tier_opening import open_tier
from penstock.tiers.tiered_store import TieredStore
from penstock.tiers.transfer_words import PATIENCE_S, Tell, silent
from penstock.tiers.uploads import Uploads

_KNOWN_S = 5.0
"""So long another process may have got a tier without this one knowing it."""


class ProjectTiers:
    """The far tiers of a project, which are opened when they are used. From any thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        self._readable: tuple[float, list[Tier]] | None = None  # until when it holds
        self._connected: dict[tuple[str, str], Tier] = {}
        self._owned: dict[str, Tier] = {}
        self._uploads: dict[str, Uploads] = {}
        self._complaints: set[str] = set()
        self._mirrored_all = threading.Condition()
        self._mirroring = 0  # how many values are on their way
        self._tell: Tell = silent
        near = open_folder(os.path.join(settings.folder, "store"))
        self.store = TieredStore(near, self.readable, self._say, self._mirror if settings.store.mirror else None)

    def hear(self, tell: Tell) -> None:
        """Have long transfers, and tiers that can't be reached, told to somebody."""
        self._tell = tell

    def own(self, url: str) -> Tier:
        """The project's folder in a tier, for writing. It is made the project's own when it is used first, which raises
        UsageError where another journal has it."""
        with self._lock:
            if url not in self._owned:
                self._owned[url] = LateTier(parse_tier_url(url), lambda: self.claimed(url))
            return self._owned[url]

    def uploads(self, url: str) -> Uploads:
        """What sends blobs up there."""
        with self._lock:
            if url not in self._uploads:
                self._uploads[url] = Uploads(self.store, self.own(url))
            return self._uploads[url]

    def readable(self) -> Sequence[Tier]:
        """All tiers that may hold values of the project: also what it had before it got a folder of its own. Asked for
        each value that is not here: the journal says it once for some seconds."""
        with self._lock:
            now = time.monotonic()
            if self._readable is None or now > self._readable[0]:
                self._readable = now + _KNOWN_S, [tier for _, tier in self.places()]
            return self._readable[1]

    def places(self) -> list[tuple[str, Tier]]:
        """The same, with their URLs as the settings have them."""
        with closing(Journal.open(self._settings.folder, read_only=True)) as journal:
            return [(place.url, self._connection(place)) for place in far_places.places(journal)]

    def checked(self, url: str, *, claim: bool) -> Tier | None:
        """The project's folder in a tier; None: it has none there yet. `claim`: as `claimed`, else nothing is written.
        Raises UsageError where another journal has it."""
        with closing(Journal.open(self._settings.folder, read_only=True)) as journal:
            place = next((place for place in far_places.places(journal) if place.url == url), None)
        if place is None:
            return None
        if claim:
            return self.claimed(url)
        tier = self._connection(place)
        ownership.check_owner(ownership.owner_of(tier), (place.mark, place.next_mark), f"{url}/{place.project}")
        return tier

    def claimed(self, url: str, *, take_over: bool = False, anew: bool = False) -> Tier:
        """The project's folder in a tier, which this journal owns from now on. Raises UsageError where another one has
        it, unless `take_over`. `anew`: a new folder, whatever the project had there before, which is read still."""
        with self._alone(), closing(Journal.open(self._settings.folder)) as journal:
            if url == self._settings.own_tier:
                os.makedirs(parse_tier_url(url).folder, exist_ok=True)
            place = far_places.settle(journal, url, self._new_name(), anew=anew)
            tier = self._connection(place)
            found = ownership.owner_of(tier)
            if not take_over:
                ownership.check_owner(found, (place.mark, place.next_mark), f"{url}/{place.project}")
            mark = ownership.next_mark(found.mark if found else place.mark, os.urandom(4).hex())
            far_places.intend(journal, place, mark)
            ownership.write_owner(tier, ownership.TierOwner(mark, f"{self._settings.root} on {socket.gethostname()}"))
            far_places.own(journal, place, mark)
            self._readable = None
            return tier

    def finish(self) -> None:
        """Wait until all is mirrored that was stored."""
        with self._mirrored_all:
            if not self._mirrored_all.wait_for(lambda: not self._mirroring, PATIENCE_S):
                self._say(f"waiting for {plural(self._mirroring, 'value')} to be mirrored")
                self._mirrored_all.wait_for(lambda: not self._mirroring)

    def close(self) -> None:
        """Let go of all connections. What is used afterwards opens them again."""
        with self._lock:
            connected, self._connected, self._readable = self._connected, {}, None
        for tier in connected.values():
            tier.close()

    def _connection(self, place: FarPlace) -> Tier:
        with self._lock:
            key = place.url, place.project
            if key not in self._connected:
                self._connected[key] = open_tier(*key, self._say)
            return self._connected[key]

    def _mirror(self, digest: bytes, size: int) -> None:
        with self._mirrored_all:
            self._mirroring += 1
        if self.uploads(self._settings.store.url).send([(digest, size)], self._mirrored):
            self._mirrored(None)

    def _mirrored(self, error: Exception | None) -> None:
        text = f"values could not be mirrored: {error}. Send them later: `penstock push`"
        if error is not None and text not in self._complaints:
            self._complaints.add(text)
            self._say(text)
        with self._mirrored_all:
            self._mirroring -= 1
            self._mirrored_all.notify_all()

    def _say(self, text: str) -> None:
        self._tell(text)

    def _new_name(self) -> str:
        name = re.sub(r"[^a-z0-9]+", "-", os.path.basename(self._settings.root).lower()).strip("-")
        return f"{name[:40].strip('-') or 'project'}-{os.urandom(4).hex()}"

    @contextmanager
    def _alone(self) -> Generator[None]:
        """No other driver of this project does the same: reading there and writing there are two things."""
        os.makedirs(self._settings.folder, exist_ok=True)
        file = os.open(os.path.join(self._settings.folder, "far.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)
