"""What a step's image is asked for by, as one digest: equal ones come to the same image in one run."""

from __future__ import annotations

from penstock.model.images import Image


def asked(image: str | Image) -> str:
    """64 hex digits, of the content of what an image is built of, wherever it lies. Raises UsageError where that is
    gone."""
    from blake3 import blake3

    from penstock.environments import image_builds

    found = image if isinstance(image, str) else image_builds.asked(image)
    return blake3(repr(("image", found)).encode(errors="surrogatepass")).hexdigest()
