"""A folder of another host as a tier, by one OpenSSH connection to a helper there. Agents there see the folder."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.model.tier_urls import TierUrl
from penstock.tiers.object_names import checked, checked_prefix
from penstock.tiers.ssh_blobs import SshBlobs
from penstock.tiers.ssh_connection import SshConnection
from penstock.tiers.ssh_session import RefusedThere
from penstock.tiers.transfer_words import Tell


class SshTier:
    """Implements `port.Tier`. Its files are those of a `FolderTier` there."""

    def __init__(self, place: TierUrl, project: str, tell: Tell) -> None:
        self.url = TierUrl(place.folder).text()
        self.project = project
        self._connection = SshConnection(place, checked(project), tell)
        self.blobs = SshBlobs(self._connection)

    def put(self, name: str, data: bytes) -> None:
        self._connection.call("put", data, name=checked(name))

    def get(self, name: str) -> bytes | None:
        try:
            return self._connection.call("get", name=checked(name)).data
        except RefusedThere:
            return None

    def list(self, prefix: str) -> list[str]:
        return self._connection.call("list", prefix=checked_prefix(prefix)).ok

    def delete(self, names: Iterable[str]) -> None:
        if known := [checked(name) for name in names]:
            self._connection.call("delete", names=known)

    def close(self) -> None:
        self._connection.close()
