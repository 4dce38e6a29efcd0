"""torch tensors: the bytes of their storages. Tensors that share a storage within one value share it afterwards."""

from __future__ import annotations

from typing import Any, Callable, Optional

import numpy as np
import torch as _torch

from penstock.artifacts import numpy_arrays, rebuild
from penstock.artifacts.canonical import Walk
from penstock.artifacts.reducing import Sink

torch: Any = _torch
_WASTE = 2  # a storage more than this many times the tensor's size is not stored whole


def form_of(kind: type) -> Optional[Callable[[Walk, Any], None]]:
    """The rule for dense tensors and parameters, dtypes and devices."""
    if kind in (torch.Tensor, torch.nn.Parameter):
        return _form
    return _name_form if kind in (torch.dtype, torch.device, torch.layout, torch.Size) else None


def reducer_of(kind: type) -> Optional[Callable[[Sink, Any], Any]]:
    """The reducer for dense tensors; parameters keep torch's own, which has the tensor inside."""
    return _reduce if kind is torch.Tensor else None


def _is_dense(value: Any) -> bool:
    return (
        value.layout == torch.strided and not value.is_quantized and value.device.type != "meta" and not value.is_nested
    )


def _name_form(walk: Walk, value: Any) -> None:
    walk.out += b"X"
    walk.name(f"torch.{type(value).__name__}")
    walk.size(1)
    walk.write(str(value))


def _form(walk: Walk, value: Any) -> None:
    begun = walk.begin(value)
    if begun < 0:
        return
    plain = value.detach()
    if not _is_dense(plain):
        plain = plain.to_dense()
    array = _bytes_of(plain.cpu().resolve_conj().resolve_neg().contiguous())
    walk.out += b"X"
    walk.name(f"torch.{type(value).__name__}")
    walk.size(4)
    walk.write((str(value.dtype), tuple(value.shape), value.requires_grad, str(value.layout)))
    walk.out += numpy_arrays.digest_of(array, walk.known)
    walk.end(value, begun)


def _reduce(sink: Sink, value: Any) -> Any:
    if not _is_dense(value):
        return NotImplemented
    plain = value.detach().resolve_conj().resolve_neg().cpu()
    used = plain.numel() * plain.element_size()
    if plain.untyped_storage().nbytes() > _WASTE * used:
        plain = plain.contiguous().clone()
    storage = plain.untyped_storage()
    key = ("storage", storage.data_ptr(), storage.nbytes())
    found = sink.known.get(key)
    if found is None:  # pickled again as the same object, it stays one
        found = sink.known[key] = (_whole(storage), plain)
    kind = str(plain.dtype).partition(".")[2]
    place = (tuple(plain.shape), plain.stride(), plain.storage_offset())
    return rebuild.tensor, (found[0], kind, *place, value.requires_grad, str(value.device))


def _whole(storage: Any) -> Any:
    return torch.empty(0, dtype=torch.uint8).set_(storage).numpy()


def _bytes_of(tensor: Any) -> Any:
    if not tensor.numel():
        return np.empty(0, "u1")
    return tensor.reshape(-1).view(torch.uint8).numpy()
