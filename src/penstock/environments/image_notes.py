"""What a run keeps of an image: a text of the kind that locks are. Pure."""

from __future__ import annotations

import re

from penstock.errors import DamagedError
from penstock.model.tuples import NamedTuple

_NOTE = re.compile(
    r"# penstock image 1 (b3-[0-9a-f]{64})\n# name ([^\n]+)\n# id (sha256:[0-9a-f]{64})\n((?:# from [^\n]+\n)*)",
    re.ASCII,
)
_KEPT = "# penstock image "


class ImageNote(NamedTuple):
    """An image that steps were run in."""

    name: str  # as the user names it; of one that is built the tag that it was given
    id: str  # "sha256:..."
    origins: tuple[str, ...]  # names with digests by which registries have it, "docker.io/library/python@sha256:..."

    @property
    def digest(self) -> str:
        """ "b3-..." of its id alone: what it is called, and where it comes from, doesn't count."""
        from blake3 import blake3

        return f"b3-{blake3(f'image {self.id}'.encode()).hexdigest()}"

    @property
    def text(self) -> str:
        """What `parse` reads."""
        origins = "".join(f"# from {origin}\n" for origin in self.origins)
        return f"{_KEPT}1 {self.digest}\n# name {self.name}\n# id {self.id}\n{origins}"


def is_note(text: str) -> bool:
    """Whether the text of a lock is that of an image."""
    return text.startswith(_KEPT)


def parse(text: str) -> ImageNote:
    """The image of a text. Raises DamagedError for any other."""
    found = _NOTE.match(text)
    if found is None:
        raise DamagedError("what a run has stored of its image is damaged, or was written by a newer Penstock")
    digest, name, image, origins = found.groups()
    note = ImageNote(name, image, tuple(line[len("# from ") :] for line in origins.splitlines()))
    if note.digest != digest:
        raise DamagedError(f"what a run has stored of its image {name} is damaged")
    return note
