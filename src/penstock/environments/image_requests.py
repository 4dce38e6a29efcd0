"""What a step's image is asked for by, as one digest: equal ones come to the same image in one run."""

from __future__ import annotations

from penstock.model.images import Image


def asked(image: str | Image) -> str:
    """64 hex digits, of the content of what an image is built of, wherever it lies."""
    from blake3 import blake3

    return blake3(repr(("image", image if isinstance(image, str) else tuple(image))).encode()).hexdigest()
