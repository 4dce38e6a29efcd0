"""Arrays as .npy and .safetensors files, pictures as .png, and back."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any, Dict

import numpy as np

_MAPPED = 1 << 20
_NPY = b"\x93NUMPY"
_PNG, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


def holds_numbers(value: Any, _: str) -> bool:
    """Whether a list of numbers, or of such lists, is one array."""
    try:
        return np.asarray(value).dtype.kind in "biufc"
    except (ValueError, TypeError, OverflowError):
        return False


def write_npy(value: Any, path: str) -> None:
    """Write an array, or what can be one. Raises ValueError for arrays of objects."""
    array = np.asanyarray(_on_cpu(value))
    if array.dtype.hasobject:
        raise ValueError(f"its dtype is {array.dtype}: npy holds numbers, texts and times alone")
    with open(path, "wb") as file:
        np.save(file, array, allow_pickle=False)


def read_npy(path: str, _: str) -> Any:
    """The array, mapped where it is large: what changes it changes no file."""
    with open(path, "rb") as file:
        if file.read(len(_NPY)) != _NPY:
            raise ValueError("it is no array: write one by numpy.save")
    mode: Any = "c" if os.path.getsize(path) >= _MAPPED else None
    found: Any = np.load(path, mmap_mode=mode, allow_pickle=False)
    return found.view(np.ndarray)


def write_safetensors(value: Dict[str, Any], path: str) -> None:
    """Write a dict of arrays or tensors."""
    import_module("safetensors.numpy").save_file(
        {name: np.ascontiguousarray(_on_cpu(item)) for name, item in value.items()}, path
    )


def read_safetensors(path: str, _: str) -> Dict[str, Any]:
    """A dict of arrays."""
    return import_module("safetensors.numpy").load_file(path)


def is_image(value: Any, _: str) -> bool:
    """Whether an array is one picture: bytes, grey, with colours or with transparency too."""
    shape = getattr(value, "shape", ())
    is_flat = len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))
    return hasattr(value, "__array__") and is_flat and str(getattr(value, "dtype", "")).endswith("uint8")


def write_png(value: Any, path: str) -> None:
    """Write a picture: of Pillow, a figure of matplotlib, or an array of bytes."""
    if hasattr(value, "savefig"):
        value.savefig(path, format="png")
        return
    if not hasattr(value, "save"):
        value = import_module("PIL.Image").fromarray(np.asarray(_on_cpu(value)))
    value.save(path, format="PNG")


def checked_png(path: str, _: str) -> Path:
    """The path of a whole picture. Raises ValueError."""
    with open(path, "rb") as file:
        if file.read(len(_PNG)) != _PNG:
            raise ValueError("it does not begin as a PNG does")
        file.seek(-min(os.path.getsize(path), len(_PNG_END) + 16), os.SEEK_END)
        if _PNG_END not in file.read():
            raise ValueError("it ends too early")
    return Path(path)


def _on_cpu(value: Any) -> Any:
    """A tensor of torch as an array can be made of it."""
    return value.detach().cpu() if hasattr(value, "detach") else value
