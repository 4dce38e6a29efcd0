import { useCallback, useLayoutEffect, useMemo } from "react";
import type { Camera } from "./camera";
import { type FoldedGraph, type FoldedNode, statusOf } from "./counts";
import type { EdgeKind } from "./edgePaths";
import { GraphCanvas } from "./GraphCanvas";
import { GraphNode } from "./GraphNode";
import css from "./GraphView.module.css";
import type { LaidEdge, Layout } from "./layout/layoutTypes";
import { Stage } from "./stage";
import { useSight } from "./useSight";

const KINDS = ["plain", "after", "back", "running", "selected", "selectedAfter"] as const;

interface GraphViewProps {
  graph: FoldedGraph;
  layout: Layout;
  camera: Camera;
  selected: string;
  onSelect: (id: string) => void;
  onFold: (id: string) => void;
  onOpen: (node: FoldedNode) => void;
}

/** The picture of a graph: nodes as elements over lines in one drawing, all moved by one transform. */
export function GraphView({ graph, layout, camera, selected, onSelect, onFold, onOpen }: GraphViewProps) {
  const stage = useMemo(() => new Stage(camera), [camera]);
  const sight = useSight(camera, layout);
  const kindOf = useKinds(graph, selected);
  useLayoutEffect(() => stage.show(layout), [stage, layout]);
  useLayoutEffect(() => stage.mark(kindOf, sight.region), [stage, kindOf, sight]);

  const byId = useMemo(() => new Map(graph.nodes.map((node) => [node.id, node])), [graph]);
  if (sight.isCrowded) return <GraphCanvas graph={graph} layout={layout} camera={camera} selected={selected} />;
  const first = sight.ids.includes(selected) ? selected : sight.ids[0];
  return (
    <div ref={stage.worldRef} className={css.world}>
      <svg className={css.lines} aria-hidden="true">
        {KINDS.map((kind) => (
          <path key={kind} className={css[kind]} ref={(element) => stage.path(kind, element)} />
        ))}
      </svg>
      {sight.ids.map((id) => {
        const node = byId.get(id);
        return (
          node && (
            <GraphNode
              key={id}
              node={node}
              isSelected={id === selected}
              isFirst={id === first}
              stage={stage}
              onSelect={onSelect}
              onFold={onFold}
              onOpen={onOpen}
            />
          )
        );
      })}
    </div>
  );
}

/** How each line is drawn: those of the selected node in the accent, those to running work in its colour. */
function useKinds(graph: FoldedGraph, selected: string): (edge: LaidEdge) => EdgeKind {
  const running = useMemo(
    () => new Set(graph.nodes.filter(({ counts }) => statusOf(counts) === "running").map(({ id }) => id)),
    [graph],
  );
  const after = useMemo(
    () => new Set(graph.edges.filter((edge) => edge.is_after).map(({ source, target }) => `${source} ${target}`)),
    [graph.edges],
  );
  return useCallback(
    ({ source, target }) => {
      const isAfter = after.has(`${source} ${target}`);
      if (source === selected || target === selected) return isAfter ? "selectedAfter" : "selected";
      if (isAfter) return "after";
      return running.has(target) ? "running" : "plain";
    },
    [selected, running, after],
  );
}
