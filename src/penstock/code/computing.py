"""How far a source tells what an expression comes to: by itself, or only together with the world around the process.

Knows names of Python's own library alone: a call of anything else may read a file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from penstock.code import scopes
from penstock.code.outline import ASKED, OPEN, TOLD
from penstock.code.reading import NodeReader
from penstock.code.scopes import FUNCTION

COMPOUND = (ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match, ast.AsyncFor, ast.AsyncWith, ast.If)
_TOLD = frozenset(  # calls that come to what their arguments tell, and decorators that add nothing
    "abs all any bool bytes bytearray chr classmethod complex dict divmod enumerate float frozenset int len list "
    "object ord pow print property range repr reversed round set slice staticmethod str sum super tuple type zip "
    "abc.abstractmethod collections.Counter collections.OrderedDict collections.defaultdict collections.deque "
    "collections.namedtuple contextlib.asynccontextmanager contextlib.contextmanager contextlib.suppress "
    "contextvars.ContextVar dataclasses.dataclass dataclasses.field datetime.date datetime.datetime datetime.time "
    "datetime.timedelta decimal.Decimal enum.auto enum.unique fractions.Fraction functools.cached_property "
    "functools.partial functools.singledispatch functools.total_ordering functools.wraps itertools.count "
    "logging.getLogger operator.attrgetter operator.itemgetter os.path.basename os.path.dirname os.path.join "
    "os.path.splitext pathlib.Path pathlib.PurePath re.compile threading.Condition threading.Event threading.Lock "
    "threading.RLock threading.Semaphore threading.local types.MappingProxyType types.SimpleNamespace typing.NewType "
    "typing.ParamSpec typing.TypeVar typing.cast typing.final typing.overload typing.runtime_checkable "
    "weakref.WeakKeyDictionary weakref.WeakSet weakref.WeakValueDictionary".split()
)
_TOLD_WITHOUT_KEY = frozenset({"max", "min", "sorted"})
_TOLD_METHODS = frozenset(  # of texts, numbers and the containers that they stand in
    "absolute add append as_posix capitalize casefold clear copy discard encode endswith extend format get insert "
    "isoformat items join keys lower lstrip pop remove removeprefix removesuffix replace resolve reverse rsplit rstrip "
    "setdefault sort split splitlines startswith strip title total_seconds translate update upper values with_name "
    "with_suffix zfill".split()
)
_OPEN = frozenset(
    "os.environ os.environb sys.argv sys.executable sys.flags sys.orig_argv sys.path sys.prefix sys.stdin".split()
)


def level(nodes: Iterable[ast.AST], reader: NodeReader) -> int:
    """The highest level of all nodes. What runs later, bodies of functions, and annotations don't count."""
    highest = TOLD
    waiting = list(nodes)
    while waiting and highest < OPEN:
        node = waiting.pop()
        own, inside = _level(node, reader)
        highest = max(highest, own)
        waiting += inside
    return highest


def level_of_decorators(decorators: Iterable[ast.expr], reader: NodeReader) -> int:
    """A decorator is a call, of which only the arguments are seen."""
    highest = TOLD
    for decorator in decorators:
        names, arguments = reader.outer_names(_called(decorator)), list[ast.AST]()
        if isinstance(decorator, ast.Call):
            arguments = [*decorator.args, *decorator.keywords]
        is_of_a_property = isinstance(decorator, ast.Attribute) and decorator.attr in ("setter", "getter", "deleter")
        is_idle = is_of_a_property or _is_told(names, reader)
        highest = max(highest, TOLD if is_idle else ASKED, level(arguments, reader))
    return highest


def _called(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator


def level_of_bases(node: ast.ClassDef, reader: NodeReader) -> int:
    """Bases and the keywords beside them: `Generic[T]` and `models.Base` are followed, and come to no value."""
    found = level((*node.bases, *node.keywords), reader)
    return found if found == OPEN else TOLD


def _level(node: ast.AST, reader: NodeReader) -> tuple[int, list[ast.AST]]:
    """Its own level, and what is inside it."""
    match node:
        case ast.Lambda():
            return TOLD, list(scopes.defaults(node.args))
        case ast.AnnAssign():
            return TOLD, [node.value] if node.value is not None else []
        case ast.Call():
            return _level_of_call(node, reader)
        case ast.Name():
            return OPEN if reader.outer_names(node) & _OPEN else TOLD, []
        case ast.Attribute(ctx=ast.Load()):
            return OPEN if reader.outer_names(node) & _OPEN else ASKED, [node.value]
        case ast.Subscript(ctx=ast.Load()):
            return ASKED, [node.value, node.slice]
        case _:
            if isinstance(node, FUNCTION):
                return TOLD, list(scopes.defaults(node.args))
            return ASKED if isinstance(node, COMPOUND) else TOLD, list(ast.iter_child_nodes(node))


def _level_of_call(node: ast.Call, reader: NodeReader) -> tuple[int, list[ast.AST]]:
    arguments: list[ast.AST] = [*node.args, *node.keywords]
    names = reader.outer_names(node.func)
    is_plain = bool(names) and names <= _TOLD_WITHOUT_KEY and all(part.arg != "key" for part in node.keywords)
    if _is_told(names, reader) or (is_plain and not reader.module.has_stars):
        return TOLD, arguments
    if isinstance(node.func, ast.Attribute) and node.func.attr in _TOLD_METHODS and not names:
        return ASKED, [node.func.value, *arguments]
    return OPEN, []


def _is_told(names: set[str], reader: NodeReader) -> bool:
    return bool(names) and names <= _TOLD and not reader.module.has_stars
