"""What stands for a package that is not installed where a step runs, so that the user's modules can be imported.

While a module is being imported it can be called, subclassed, subscripted and so on, and gives more of its kind. At
any other time, and wherever a real number or list is wanted of it, it raises ModuleNotFoundError: a value made up
here would be a wrong result that nobody sees. One answer it does give: asked whether (`if torch.cuda.is_available()`)
it is False, and says so in the log.
"""

from __future__ import annotations

import re
import sys
from abc import ABCMeta
from types import FrameType, FunctionType
from typing import Any, Dict, List, NoReturn, Optional, Set, Tuple

_OF_NEWER_PYTHONS = ("tomllib", "annotationlib", "compression")  # than 3.9
_OTHER = (
    "Ask for another version with @step(packages=[...]) or @step(python=...), or import it inside the functions that "
    "use it"
)
_EXCEPTION = re.compile(r"(?:[A-Z]\w*)?(?:Error|Exception|Warning)")
_DEFERRED = (
    "lt le gt ge add radd sub rsub mul rmul matmul rmatmul truediv rtruediv floordiv rfloordiv mod rmod divmod rdivmod "
    "pow rpow and rand xor rxor lshift rlshift rshift rrshift neg pos abs invert getitem enter"
).split()
_IGNORED = "setattr delattr setitem delitem exit".split()
_REFUSED = "iter next len contains int float complex index fspath bytes reduce_ex await aiter aenter".split()


def this_python() -> str:
    """Version and path of this interpreter."""
    return f"Python {'.'.join(map(str, sys.version_info[:3]))} at {sys.executable}"


def is_importing(frame: Optional[FrameType]) -> bool:
    """Whether a module's own code is running for the first time, in this frame or in one that led to it."""
    while frame is not None:
        spec = frame.f_globals.get("__spec__") if frame.f_code.co_name == "<module>" else None
        if getattr(spec, "_initializing", False):  # what importlib itself goes by, in CPython and PyPy
            return True
        frame = frame.f_back
    return False


class MissingPackage:
    """A package that is missing: what is said of it, and what stands for its parts."""

    def __init__(self, name: str, missing: str, file: str, line: int, of: str = "") -> None:
        self.name = name
        self.missing = missing  # what is not installed: `name`, or what `name` needs
        self.of = of  # the module that is there, and lacks it; "": none is
        self.where = f"line {line} of {file}"
        self.parts: Dict[str, Any] = {}
        self.bases: Dict[Tuple[str, bool], type] = {}
        self.doubted: Set[Tuple[str, int]] = set()

    def error(self, doing: str = "") -> ModuleNotFoundError:
        """What a use of it raises."""
        here = f"the environment of this step, {this_python()}"
        what = f"{self.name} is not installed in {here}"
        advice = "Add it with @step(packages=[...]), or import it inside the functions that use it"
        if self.missing in _OF_NEWER_PYTHONS:
            advice = "Ask for a newer one with @step(python=...), or import it inside the functions that use it"
        if self.of and not self.of.startswith("penstock"):
            what, advice = f"{self.name} is not there in {here}{self._version()}", _OTHER
        elif self.missing.startswith("penstock."):
            what, advice = f"{self.name} is not there in {here}", "Use it outside of steps, or inside the flow alone"
        elif not f"{self.name}.".startswith(f"{self.missing}."):
            what = f"{self.name} can't be imported in {here}: it needs {self.missing}, which is not installed there"
        text = f"{what}; it is imported by {self.where}{doing}. {advice}"
        return ModuleNotFoundError(text, name=self.missing)

    def _version(self) -> str:
        from penstock.artifacts import unreadable

        found = unreadable.distribution_of(self.of)
        return f", which has {found}" if found else ""

    def part(self, path: str) -> Any:
        """What stands for `path` of it, the same each time: a placeholder, or a class where the name is an exception's,
        since what catches or ignores it must be able to."""
        known = self.parts.get(path)
        if known is None:
            name = path.rpartition(".")[2]
            made = Placeholder(self, path)
            known = self.parts[path] = _exception(made, path) if _EXCEPTION.fullmatch(name) else made
        return known


class Placeholder:
    """Stands for a missing package, or for anything that comes out of one."""

    __slots__ = ("__package", "__path")
    __package: MissingPackage
    __path: str

    def __init__(self, package: MissingPackage, path: str) -> None:
        object.__setattr__(self, "_Placeholder__package", package)
        object.__setattr__(self, "_Placeholder__path", path)

    @property
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return type  # so that `singledispatch.register(torch.Tensor)` and pydantic take it for a class

    @property
    def __bases__(self) -> Tuple[type, ...]:  # what `issubclass` asks of one
        return (object,)

    @property
    def __name__(self) -> str:
        return self.__path.rpartition(".")[2]

    def __getattr__(self, name: str) -> Any:
        if name == "__qualname__":
            return self.__name__
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)  # protocols that it does not follow: whoever asks must hear no
        self.__check()
        return self.__package.part(f"{self.__path}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.__check()
        if len(args) == 1 and not kwargs and type(args[0]) in (FunctionType, Decorated):
            return Decorated(self.__package, f"{self.__path}()", args[0])
        return Placeholder(self.__package, f"{self.__path}()")

    def __mro_entries__(self, bases: Tuple[Any, ...]) -> Tuple[type, ...]:
        self.__check()
        kinds: List[Any] = [type(base) for base in bases if type(base) is not Placeholder]
        plain = not all(kind in (type, ABCMeta, _Meta) for kind in kinds)  # two metaclasses would be in conflict
        known = self.__package.bases.get((self.__path, plain))
        if known is None:
            make: Any = type if plain else _Meta
            known = make(self.__name__, (_Base,), {"_penstock_stands_for": self})
            self.__package.bases[self.__path, plain] = known
        return (known,)

    def __bool__(self) -> bool:
        self.__check()
        frame: Optional[FrameType] = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
        at = (frame.f_code.co_filename, frame.f_lineno)
        if at not in self.__package.doubted:
            self.__package.doubted.add(at)
            sys.stderr.write(
                f"{self.__package.name} is not installed in the environment of this step: line {at[1]} of {at[0]} "
                f"takes {self.__path} for False\n"
            )
        return False

    def __eq__(self, other: object) -> bool:
        self.__check()
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __instancecheck__(self, instance: object) -> bool:
        self.__check()
        return False

    __subclasscheck__ = __instancecheck__

    def __or__(self, other: object) -> Any:  # also `X | None` in an annotation
        self.__check()
        return self

    __ror__ = __or__

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __repr__(self) -> str:
        return f"<{self.__path}, which is not installed here>"

    def __str__(self) -> str:
        self.__check()
        return repr(self)

    def __format__(self, spec: str) -> str:
        return str(self)

    def __check(self) -> None:
        if not is_importing(sys._getframe(1)):  # pyright: ignore[reportPrivateUsage]
            raise self.__package.error()

    def _penstock_defer(self, *args: Any) -> Any:
        self.__check()
        return Placeholder(self.__package, self.__path)

    def _penstock_ignore(self, *args: Any) -> None:
        self.__check()

    def _penstock_refuse(self, *args: Any) -> NoReturn:
        raise self.__package.error(f", and a real value is wanted in the place of {self.__path}")


for _names, _method in (
    (_DEFERRED, Placeholder._penstock_defer),  # pyright: ignore[reportPrivateUsage]
    (_IGNORED, Placeholder._penstock_ignore),  # pyright: ignore[reportPrivateUsage]
    (_REFUSED, Placeholder._penstock_refuse),  # pyright: ignore[reportPrivateUsage]
):
    for _name in _names:
        setattr(Placeholder, f"__{_name}__", _method)


class Decorated(Placeholder):
    """A function of the user's after a missing decorator. It looks like the function, and fails when it is called:
    without its decorator it may do something else."""

    __slots__ = ("_penstock_function",)
    _penstock_function: Any

    def __init__(self, package: MissingPackage, path: str, function: Any) -> None:
        super().__init__(package, path)
        object.__setattr__(self, "_penstock_function", function)

    @property
    def __class__(self) -> Any:
        return FunctionType

    @property
    def __wrapped__(self) -> Any:
        return self._penstock_function

    def __getattribute__(self, name: str) -> Any:
        own = name in ("__name__", "__module__", "__doc__")  # which every class has already, so that nobody is asked
        return getattr(self._penstock_function, name) if own else super().__getattribute__(name)

    def __get__(self, instance: object, owner: Any = None) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            return getattr(self._penstock_function, name)
        if name == "func":  # by which a `functools.partial` is known, and looked through for what is in it
            raise AttributeError(name)
        return super().__getattr__(name)


class _Meta(ABCMeta):
    """What a subclass inherits from a missing class is missing too. An ABCMeta, since that is often mixed in."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(type.__getattribute__(cls, "_penstock_stands_for"), name)


class _Base:
    """What a class of the user's has as its base instead of a missing one. It has no instances."""

    _penstock_stands_for: Any

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls._penstock_stands_for()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        return

    def __class_getitem__(cls, item: Any) -> Any:
        return cls


def _exception(placeholder: Placeholder, path: str) -> type:
    """An exception class of a missing package. Nothing is an instance of it."""
    module, _, name = path.rpartition(".")
    members = {"__new__": _Base.__new__, "__module__": module, "_penstock_stands_for": placeholder}
    return _Meta(name, (Warning if name.endswith("Warning") else Exception,), members)
