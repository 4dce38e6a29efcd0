"""The picture in a notebook's cell: well-formed, inert, nothing over another."""

from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from penstock.client.cell_graph import placed
from penstock.client.cell_picture import WIDTH, svg, text
from penstock.model.rows import StepCount
from penstock.reading.folded_graphs import FoldedEdge, FoldedGraph, FoldedNode
from penstock.reading.watched_runs import LatestMetric, SeenRun
from tests.seen_runs import ANY, SEEN, failed, seen

_DRAWN = {"svg", "title", "rect", "g", "path", "text"}
_COUNTS = st.dictionaries(
    st.sampled_from(["running", "waiting", "done", "failed", "cancelled", "reused"]), st.integers(0, 10**6)
)


@st.composite
def graphs(draw: st.DrawFn) -> FoldedGraph:
    count = draw(st.integers(0, 40))
    nodes = [
        FoldedNode(str(place), draw(ANY), draw(st.sampled_from(["step", "flow"])), draw(_COUNTS))
        for place in range(count)
    ]
    ends = st.integers(0, count - 1).map(str) if count else st.nothing()
    edges = draw(st.lists(st.builds(FoldedEdge, ends, ends), max_size=60)) if count else []
    return FoldedGraph(tuple(nodes), tuple(edges))


@given(SEEN, graphs())
def test_whatever_it_is_it_is_a_picture_without_a_script(run: SeenRun, graph: FoldedGraph) -> None:
    drawn = svg(run, graph, {})
    root = ElementTree.fromstring(drawn)
    assert {one.tag.rpartition("}")[2] for one in root.iter()} <= _DRAWN
    assert not [name for one in root.iter() for name in one.attrib if name.startswith("on") or "href" in name]
    assert "nan" not in re.sub(r">[^<]*<", "><", drawn)
    assert text(run).startswith("digits/3 ")


@given(graphs(), st.integers(400, 1200))
def test_no_node_stands_over_another_and_none_is_missing(graph: FoldedGraph, width: int) -> None:
    found = placed(graph, width)
    for one, other in itertools.combinations(found.boxes, 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y
    assert all(box.x >= 0 and box.x + box.width <= width + 0.5 for box in found.boxes)
    assert all(box.y + box.height <= found.height for box in found.boxes)
    shown = sum(1 if box.node else box.more for box in found.boxes)
    assert shown + found.left_out == len(graph.nodes)


def test_what_is_given_stands_to_the_right_of_what_made_it() -> None:
    nodes = tuple(FoldedNode(name, name, "step", {"done": 1}) for name in ("load", "train", "test"))
    edges = (FoldedEdge("load", "train"), FoldedEdge("train", "test"), FoldedEdge("test", "train"))  # a loop's way back
    at = {box.node.id: box.x for box in placed(FoldedGraph(nodes, edges), 760).boxes if box.node}
    assert at["load"] < at["train"] < at["test"]


def test_the_failure_and_what_helps_are_said() -> None:
    broken = seen("failed", (StepCount("train", done=1, failed=1),), (failed(2, "a < b"),))
    drawn = svg(broken, FoldedGraph((), ()), {})
    assert "train/2: ValueError: a &lt; b" in drawn
    assert "penstock resume digits/3" in drawn
    assert "train/2: ValueError: a < b" in text(broken)


def test_a_curve_is_drawn_with_gaps_where_there_is_no_number() -> None:
    metric = LatestMetric("loss", 0.5, (1.0, 0.8, float("nan"), 0.6, 0.5))
    drawn = svg(seen("running", metrics=(metric,)), FoldedGraph((), ()), {})
    (curve,) = re.findall(r'd="(M[^"]*)" fill="none" stroke="#1245a6"', drawn)
    assert (curve.count("M"), curve.count("L")) == (2, 2)


def test_what_nobody_saw_grow_is_drawn_from_what_was_kept() -> None:
    drawn = svg(seen("done", metrics=(LatestMetric("loss", 0.5),)), FoldedGraph((), ()), {"loss": (1.0, 0.5)})
    assert 'stroke="#1245a6"' in drawn
    assert f'width="{WIDTH}"' in drawn
