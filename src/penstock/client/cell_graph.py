"""Where the steps of a run stand in the picture of a notebook's cell. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.model.tuples import NamedTuple
from penstock.reading.folded_graphs import FoldedGraph, FoldedNode

_COLUMNS = 4  # of a graph that runs from left to right; a longer one runs from top to bottom
_ROWS = 12
_ABREAST = 8  # of a column; a row has room for as many as there are columns
_GAP_X, _GAP_Y = 28, 14
_BETWEEN = 26  # rows, where edges run from top to bottom
_HEIGHT = 40


class Box(NamedTuple):
    """A node in its place; `node` None: stands for `more` that have none."""

    node: FoldedNode | None
    x: float
    y: float
    width: float
    height: float = _HEIGHT
    more: int = 0


class CellGraph(NamedTuple):
    """A graph in its place: boxes, and the edges between them as paths of SVG."""

    boxes: tuple[Box, ...]
    edges: tuple[tuple[str, bool], ...]  # with whether it only says that one ran after the other
    height: float
    left_out: int = 0  # steps below the last row


def placed(graph: FoldedGraph, width: float) -> CellGraph:
    """From left to right where it is short, else from top to bottom."""
    layers = _layers(graph)
    across = len(layers) <= _COLUMNS
    shown = layers if across else layers[:_ROWS]
    boxes = _columns(shown, width) if across else _rows(shown, width)
    at = {box.node.id: box for box in boxes if box.node}
    path = _across if across else _down
    edges = [
        (path(at[edge.source], at[edge.target]), edge.is_after)
        for edge in graph.edges
        if edge.source in at and edge.target in at
    ]
    height = max((box.y + box.height for box in boxes), default=0)
    return CellGraph(tuple(boxes), tuple(edges), height, sum(map(len, layers[len(shown) :])))


def _layers(graph: FoldedGraph) -> list[list[FoldedNode]]:
    """Each node one layer behind the last of those whose results it was given. What runs backwards in a loop, against
    the order of the first calls, does not count."""
    order = {node.id: place for place, node in enumerate(graph.nodes)}
    depth = dict.fromkeys(order, 0)
    sources: dict[str, list[str]] = {id_: [] for id_ in order}
    for edge in graph.edges:
        if order.get(edge.source, len(order)) < order.get(edge.target, -1):
            sources[edge.target].append(edge.source)
    for id_ in order:  # first calls come in an order in which sources stand before their targets
        depth[id_] = max((depth[source] + 1 for source in sources[id_]), default=0)
    layers: list[list[FoldedNode]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in graph.nodes:
        layers[depth[node.id]].append(node)
    return layers


def _columns(layers: Sequence[Sequence[FoldedNode]], width: float) -> list[Box]:
    wide = min(196.0, (width - _GAP_X * (_COLUMNS - 1)) / _COLUMNS)
    tall = max((min(len(layer), _ABREAST) for layer in layers), default=0)
    boxes: list[Box] = []
    for column, layer in enumerate(layers):
        shown = _some(layer, _ABREAST)
        top = (tall - len(shown)) * (_HEIGHT + _GAP_Y) / 2
        boxes += [
            Box(node, column * (wide + _GAP_X), top + row * (_HEIGHT + _GAP_Y), wide, _HEIGHT, more)
            for row, (node, more) in enumerate(shown)
        ]
    return boxes


def _rows(layers: Sequence[Sequence[FoldedNode]], width: float) -> list[Box]:
    wide = (width - _GAP_Y * (_COLUMNS - 1)) / _COLUMNS
    boxes: list[Box] = []
    for row, layer in enumerate(layers):
        boxes += [
            Box(node, column * (wide + _GAP_Y), row * (_HEIGHT + _BETWEEN), wide, _HEIGHT, more)
            for column, (node, more) in enumerate(_some(layer, _COLUMNS))
        ]
    return boxes


def _some(layer: Sequence[FoldedNode], most: int) -> list[tuple[FoldedNode | None, int]]:
    """Those there is room for, and how many more there are."""
    if len(layer) <= most:
        return [(node, 0) for node in layer]
    return [*((node, 0) for node in layer[: most - 1]), (None, len(layer) - most + 1)]


def _across(source: Box, target: Box) -> str:
    x1, y1 = source.x + source.width, source.y + source.height / 2
    x2, y2 = target.x, target.y + target.height / 2
    bend = max(12.0, (x2 - x1) / 2)
    return f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"


def _down(source: Box, target: Box) -> str:
    x1, y1 = source.x + source.width / 2, source.y + source.height
    x2, y2 = target.x + target.width / 2, target.y
    bend = max(10.0, (y2 - y1) / 2)
    return f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"
