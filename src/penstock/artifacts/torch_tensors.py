"""torch tensors: the bytes of their storages. Tensors that share a storage within one value share it afterwards.

Dense tensors are leaves, and quantised ones go by their integers, scales and zero points; sparse and other tensors,
parameters and modules are what torch pickles of them, in which the dense ones inside are leaves again. A form leaves
out strides, shared storages, conjugation and negation that wait to be done (all about memory), and the device: a tensor
comes back where there is one, and on the CPU elsewhere. Neither record nor form has `.grad`, as in torch's own files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Optional

import numpy as np
import torch as _torch

from penstock.artifacts import names, numpy_arrays, rebuild
from penstock.artifacts.collected import Collected, Reducer
from penstock.artifacts.looks import Facts, Look
from penstock.artifacts.walk import ValueWalk

if TYPE_CHECKING:
    from penstock.artifacts.media import Shown

torch: Any = _torch
_WASTE = 2  # a storage more than this many times the tensor's size is not stored whole


def form_of(kind: type) -> Optional[Callable[[ValueWalk, Any], None]]:
    """The rule for tensors, of a program's own subclasses too."""
    return _form if _is_ours(kind) else None


def reducer_of(kind: type) -> Optional[Reducer]:
    """The reducer for dense and quantised tensors; parameters keep torch's own, which has the tensor inside."""
    if kind is torch.Generator:
        return _reduce_generator
    return _reduce if _is_ours(kind) else None


def _reduce_generator(sink: Collected, value: Any) -> Any:
    """torch's own by its name, since each attempt has it anew."""
    return (names.load, ("torch", "default_generator")) if value is torch.default_generator else NotImplemented


def _is_ours(kind: Any) -> bool:
    if kind is torch.Tensor:
        return True
    own = issubclass(kind, torch.Tensor) and kind.__module__.partition(".")[0] != "torch"
    names = ("__reduce_ex__", "__setstate__", "__new__", "__torch_function__", "__torch_dispatch__")
    return own and all(_code_of(kind, name) is _code_of(torch.Tensor, name) for name in names)


def _code_of(kind: Any, name: str) -> Any:
    """A method, or the function behind it where it is bound to its class."""
    method = getattr(kind, name, None)
    return getattr(method, "__func__", method)


def _is_dense(value: Any) -> bool:
    return (
        value.layout == torch.strided and not value.is_quantized and value.device.type != "meta" and not value.is_nested
    )


def _form(walk: ValueWalk, value: Any) -> None:
    plain = _plain(value)
    if not _is_dense(plain):
        walk.rule_for(object)(walk, value)  # as what it is taken apart into
        return
    begun = walk.begin(value)
    if begun < 0:
        return
    array = _bytes_of(plain.cpu().resolve_conj().resolve_neg().contiguous())
    walk.leaf("torch.Tensor", 6)
    walk.write((str(plain.dtype), tuple(plain.shape), value.requires_grad))
    walk.write(_kind(value))
    walk.part(_attributes(value), "")
    walk.out += numpy_arrays.digest_of(array, walk.known)
    walk.end(value, begun)


def _plain(value: Any) -> Any:
    plain = value.detach()
    return plain if type(plain) is torch.Tensor else plain.as_subclass(torch.Tensor)


def _kind(value: Any) -> Any:
    """The class to come back as; None: a tensor."""
    kind: Any = value.__class__
    return None if kind is torch.Tensor else kind


def _attributes(value: Any) -> Any:
    """What a program has set on a tensor, in the order of its names."""
    attributes: Dict[str, Any] = value.__dict__
    return dict(sorted(attributes.items())) or None


def _reduce(sink: Collected, value: Any) -> Any:
    plain = _plain(value)
    if plain.is_quantized:
        return _reduce_quantized(value, plain)
    if not _is_dense(plain):
        return NotImplemented
    plain = plain.resolve_conj().resolve_neg().cpu()
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
    rest = (value.requires_grad, str(value.device), _kind(value), _attributes(value))
    return rebuild.tensor, (found[0], kind, *place, *(rest[:2] if rest[2:] == (None, None) else rest))


def _reduce_quantized(value: Any, plain: Any) -> Any:
    if type(value) is not torch.Tensor or plain.dtype not in (torch.quint8, torch.qint8, torch.qint32):
        return NotImplemented
    scheme = plain.qscheme()
    if scheme is torch.per_tensor_affine:
        scale: Any = (plain.q_scale(), plain.q_zero_point(), None)
    elif scheme is torch.per_channel_affine:
        scale = (plain.q_per_channel_scales(), plain.q_per_channel_zero_points(), plain.q_per_channel_axis())
    else:
        return NotImplemented
    return rebuild.quantized_tensor, (plain.int_repr(), *scale, _attributes(value))


def _whole(storage: Any) -> Any:
    return torch.empty(0, dtype=torch.uint8).set_(storage).numpy()


def _bytes_of(tensor: Any) -> Any:
    if not tensor.numel():
        return np.empty(0, "u1")
    flat = tensor.reshape(-1)
    if flat.stride(0) != 1:  # one number alone counts as contiguous, whatever lies between it and the next
        flat = flat.clone(memory_format=torch.contiguous_format)
    return flat.view(torch.uint8).numpy()


def shown_of(kind: Any) -> Optional[Callable[[Any], Shown]]:
    """What displays a tensor."""
    torch: Any = _torch
    return _shown if issubclass(kind, torch.Tensor) else None


def _shown(value: Any) -> Shown:
    """As an image, whose channels may come first, as torch has them."""
    from penstock.artifacts import array_pictures

    tensor = value.detach().cpu()
    if tensor.ndim == 3 and tensor.shape[0] in (1, 3, 4) and tensor.shape[2] not in (1, 3, 4):
        tensor = tensor.permute(1, 2, 0)
    return array_pictures.shown((tensor.float() if tensor.is_floating_point() else tensor).numpy())


def look(value: Any, look: Look) -> Facts:
    """What is shown of a value; None: nothing that is this library's."""
    if not any(base.__name__ == "Tensor" for base in type(value).__mro__):
        return None
    shape = [int(length) for length in value.shape]
    text = f"tensor {'x'.join(map(str, shape))} {value.dtype} on {value.device}"
    return {"text": text, "shape": shape, "dtype": str(value.dtype)}
