"""torch: tensors of every layout, quantised ones, parameters, modules with hooks and buffers, optimizers."""

from __future__ import annotations

import warnings
from typing import Any

import torch as _torch

from tests.unit.artifacts.zoo import Species

torch: Any = _torch
_DTYPES = ("float32", "float64", "bfloat16", "float16", "int64", "uint8", "bool", "complex64", "float8_e4m3fn")


class Tagged(torch.Tensor):
    """A subclass with attributes."""


class Model(torch.nn.Module):
    def __init__(self, width: int, momentum: float, persistent: bool) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(2, width)
        with torch.no_grad():
            self.linear.weight.fill_(1.0)
            self.linear.bias.fill_(0.5)
        self.norm = torch.nn.BatchNorm1d(width, momentum=momentum)
        self.register_buffer("seen", torch.zeros(1), persistent=persistent)

    def forward(self, x: Any) -> Any:
        return self.norm(self.linear(x))


def numbers(dtype: str, shape: Any, last: int, grad: bool) -> Any:
    made = torch.tensor([0.0, 1.0, 1.0, last]).to(getattr(torch, dtype)).reshape(shape)
    return made.requires_grad_() if grad and dtype.startswith(("float3", "float6", "bf", "complex")) else made


def differentiable(values: Any, grad: bool, kind: Any) -> Any:
    made = torch.tensor(values)
    return torch.nn.Parameter(made, requires_grad=grad) if kind is torch.nn.Parameter else made.requires_grad_(grad)


def quantized(scale: float, zero: int, dtype: str, values: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(torch.tensor(values) * scale, scale, zero, getattr(torch, dtype))


def by_channel(scales: Any, zeros: Any, axis: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scale, zero = torch.tensor(scales, dtype=torch.double), torch.tensor(zeros)
        return torch.quantize_per_channel(torch.ones(2, 2), scale, zero, axis, torch.qint8)


def coordinates(indices: Any, values: Any, size: Any, coalesced: bool) -> Any:
    made = torch.sparse_coo_tensor([list(indices)], list(values), size, check_invariants=False)
    return made.coalesce() if coalesced else made


def compressed(layout: str, last: float) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dense = torch.tensor([[0.0, 1.0], [last, 0.0]])
        return dense.to_sparse_csr() if layout == "csr" else dense.to_sparse_csc()


def with_attributes(kind: Any, attributes: Any, last: float) -> Any:
    made = torch.tensor([1.0, last])
    made = (
        made.as_subclass(Tagged) if kind is Tagged else torch.nn.Parameter(made) if kind is torch.nn.Parameter else made
    )
    vars(made).update(attributes)
    return made


def waiting(value: Any) -> Any:
    """The same numbers, of which the conjugation waits to be done."""
    return value.conj().resolve_conj().conj()


def model(width: int, momentum: float, persistent: bool, training: bool, hook: Any, buffer: float, frozen: bool) -> Any:
    made = Model(width, momentum, persistent).train(training)
    torch.utils.hooks.RemovableHandle.next_id = 0  # it numbers the hooks of a process, and the numbers are their keys
    if hook:
        made.linear.register_forward_hook(hook)
    made.seen.fill_(buffer)
    made.linear.weight.requires_grad_(not frozen)
    return made


def doubled(module: Any, args: Any, output: Any) -> Any:
    return output * 2


def tripled(module: Any, args: Any, output: Any) -> Any:
    return output * 3


def optimizer(kind: Any, rate: float, steps: int) -> Any:
    made = Model(2, 0.1, True)
    more = {"momentum": 0.9} if kind is torch.optim.SGD else {}
    found = kind(made.linear.parameters(), lr=rate, **more)
    for _ in range(steps):
        made.linear(torch.ones(1, 2)).sum().backward()
        found.step()
    return found.state_dict()


def generator(seed: int, draws: int) -> Any:
    made = torch.Generator().manual_seed(seed)
    torch.rand(draws, generator=made)
    return made.get_state()


def tied(shared: bool) -> Any:
    """Two layers, of one weight or of two."""
    one = torch.nn.Linear(2, 2, bias=False)
    other = torch.nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        one.weight.fill_(1.0)
        other.weight.fill_(1.0)
    if shared:
        other.weight = one.weight
    return torch.nn.ModuleList([one, other])


def strided(value: Any) -> Any:
    """The same tensor, spread over other memory."""
    if not value.dim() or value.requires_grad:
        return value
    wide = torch.zeros([2 * length for length in value.shape], dtype=value.dtype)
    spread = wide[tuple(slice(None, None, 2) for _ in value.shape)]
    return spread.copy_(value)


SPECIES = [
    Species(
        "one of many",
        lambda at, part: getattr(torch.tensor([1 + 4j, 2 + 3j, 3 + 2j])[at::3], part),
        {"at": (0, 1, 2), "part": ("real", "imag")},
        {"alone": lambda value: torch.tensor([value.item()])},
    ),
    Species(
        "numbers",
        numbers,
        {"dtype": _DTYPES, "shape": ((4,), (2, 2), (1, 4)), "last": (0, 1), "grad": (False,)},
        {"strided": strided},
    ),
    Species(
        "differentiable",
        differentiable,
        {"values": ([1.0, 2.0], [1.0, 3.0]), "grad": (False, True), "kind": (torch.Tensor, torch.nn.Parameter)},
    ),
    Species(
        "quantized",
        quantized,
        {
            "scale": (0.5, 2.0),
            "zero": (0, 1),
            "dtype": ("quint8", "qint8", "qint32"),
            "values": ([2.0, 4.0], [2.0, 5.0]),
        },
    ),
    Species("by channel", by_channel, {"scales": ([0.5, 0.5], [0.5, 0.25]), "zeros": ([0, 0], [0, 1]), "axis": (0, 1)}),
    Species(
        "coordinates",
        coordinates,
        {
            "indices": ((0, 1), (1, 0), (1, 1)),
            "values": ((1.0, 2.0), (1.0, 0.0)),
            "size": ((3,), (4,)),
            "coalesced": (False, True),
        },
    ),
    Species("compressed", compressed, {"layout": ("csr", "csc"), "last": (1.0, 2.0)}),
    Species(
        "attributes",
        with_attributes,
        {
            "kind": (torch.Tensor, Tagged, torch.nn.Parameter),
            "attributes": ({}, {"unit": "m"}, {"unit": "k"}),
            "last": (1.0, 2.0),
        },
    ),
    Species("conjugated", lambda last: torch.tensor([1 + 2j, last]), {"last": (1j, 2j)}, {"waiting": waiting}),
    Species(
        "no data",
        lambda shape, dtype: torch.empty(shape, dtype=getattr(torch, dtype), device="meta"),
        {"shape": ((2,), (3,)), "dtype": ("float32", "float64")},
    ),
    Species(
        "empty",
        lambda shape, dtype: torch.empty(shape, dtype=getattr(torch, dtype)),
        {"shape": ((0,), (0, 3), (3, 0)), "dtype": ("float32", "int64")},
    ),
    Species(
        "dtype",
        lambda value: value,
        {
            "value": (
                torch.float32,
                torch.float64,
                torch.device("cpu"),
                torch.device("meta"),
                torch.strided,
                torch.sparse_coo,
                torch.Size([1]),
                torch.Size([2]),
                torch.per_tensor_affine,
                torch.contiguous_format,
            )
        },
    ),
    Species(
        "model",
        model,
        {
            "width": (2, 3),
            "momentum": (0.1, 0.2),
            "persistent": (True, False),
            "training": (True, False),
            "hook": (None, doubled, tripled),
            "buffer": (0.0, 1.0),
            "frozen": (False, True),
        },
    ),
    Species(
        "optimizer", optimizer, {"kind": (torch.optim.SGD, torch.optim.Adam), "rate": (0.1, 0.2), "steps": (0, 1, 2)}
    ),
    Species("generator", generator, {"seed": (1, 2), "draws": (0, 1, 2)}),
    Species(
        "layers",
        lambda make: make(),
        {"make": (torch.nn.ReLU, torch.nn.GELU, lambda: torch.nn.Dropout(0.1), lambda: torch.nn.Dropout(0.2))},
    ),
]
