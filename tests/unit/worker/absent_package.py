"""A module of a user's that does to a missing package what such modules do, and each way of using it later."""

from __future__ import annotations

WHILE_IMPORTED = """
from __future__ import annotations
import abc, dataclasses, enum, functools, importlib, typing, warnings
from typing import Any, Callable, Dict, Generic, NamedTuple, NewType, Optional, Protocol, TypeVar, Union

import absent
import absent.nn.functional as F
from absent.nn import Module
from absent.data import Dataset
from json import dumps, loads_all

tools = importlib.import_module("absent.tools")
warnings.filterwarnings("ignore", category=absent.ConvergenceWarning)
T = TypeVar("T")
Maybe = Optional[absent.Tensor]
Either = Union[absent.Tensor, int, None]
Old = absent.Tensor | None
Ages = None | absent.Tensor
Mixed = int | absent.Tensor
Hook = Callable[[absent.Tensor], Dict[str, absent.Tensor]]
Many = list[absent.Tensor]
Length = NewType("Length", absent.Tensor)
Bound = TypeVar("Bound", bound=absent.Tensor)

absent.backends.cudnn.benchmark = True
absent.options["display"] = 3
del absent.options["width"]
absent.use("Agg").then(1)
DEVICE = absent.device("cuda" if absent.cuda.is_available() else "cpu")
WHERE = "cuda" if absent.cuda.is_available() else "cpu"
NEW = absent.__version__ >= "2.0"
ANGLE = 2 * absent.pi / 4 ** -absent.e
SAME = absent.Tensor is absent.Tensor and absent.Tensor == absent.Tensor
SEEN = {absent.Tensor: 1, absent.float32: 2}
IS = isinstance(3, absent.Tensor) or isinstance(3, (str, absent.Tensor)) or issubclass(int, absent.Tensor)
with absent.no_grad():
    MODEL = absent.load("model.bin").eval()
scale = functools.partial(absent.scale, factor=2)


class Net(Module):
    size: absent.Size = absent.Size([3])

    def __init__(self, width: int = 3) -> None:
        super().__init__()
        self.layer = absent.nn.Linear(width, width)

    @absent.no_grad()
    def forward(self, x):
        return F.relu(self.layer(x))


class Deep(Net, abc.ABC):
    @abc.abstractmethod
    def depth(self): ...


class Samples(Dataset[T], Generic[T]):
    pass


class Row(absent.SQLModel, table=True):
    name: str


class Shaped(Protocol):
    def shape(self): ...


class Kept(absent.Base, Shaped):
    pass


@dataclasses.dataclass
class Config:
    dtype: absent.dtype = absent.float32
    model: Optional[absent.Tensor] = None


class Pair(NamedTuple):
    first: absent.Tensor
    second: absent.Tensor = absent.zeros(1)


class Kind(enum.Enum):
    FIRST = 1
    SECOND = absent.second


@absent.compile
def fast(x):
    "Twice."
    return 2 * x


@absent.retry(times=3)
@absent.cached
async def slow(x: int = 1):
    return x


@absent.define
class Record:
    x: int


class Longer(Record):
    pass


@absent.group()
def app():
    pass


@app.command()
def run():
    pass


@functools.singledispatch
def as_list(x):
    return [x]


@as_list.register(absent.Tensor)
def _(x):
    return x.tolist()


@as_list.register
def _(x: int):
    return [x, x]


CLASSES = [name for name, item in list(globals().items()) if isinstance(item, type) and issubclass(item, dict)]
REGISTRY = {"net": Net, "tensor": absent.Tensor}
BEST = Net.load("best").cuda()


def square(x, dtype=absent.float32):
    return x * x


def works_without():
    return square(3), as_list(1), as_list("a"), WHERE, Config.__name__, CLASSES
"""

USES = {
    "an attribute": "absent.ones",
    "a call": "Module(3)",
    "a value that was made": "DEVICE.type",
    "a comparison": "if NEW: pass",
    "arithmetic": "ANGLE + 1",
    "equality": "DEVICE == 'cpu'",
    "a class with a missing base": "Net(3)",
    "what it inherits": "Net.load('best')",
    "a class below it": "type('Wide', (Net,), {})(3)",
    "a base with another metaclass": "Kept()",
    "a class in a database": "Row(name='a')",
    "a decorated function": "fast(3)",
    "a decorated method": "Net.forward(None, 3)",
    "a function that is decorated twice": "slow(3)",
    "a decorated class": "Record(3)",
    "a class below a decorated one": "Longer(3)",
    "what a decorator made of a function": "app.main",
    "a new subclass": "class Fresh(Module): pass",
    "isinstance": "isinstance(3, absent.Tensor)",
    "iteration": "list(REGISTRY['tensor'])",
    "unpacking": "first, second = DEVICE",
    "a number": "float(DEVICE)",
    "a path": "__import__('pathlib').Path(DEVICE)",
    "an attribute that is set": "DEVICE.index = 3",
    "a default": "square(3, Config().dtype) if Config().dtype * 2 else 0",
}
