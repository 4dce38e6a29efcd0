import { useCallback, useEffect, useMemo, useRef } from "react";
import { navigate } from "wouter/use-browser-location";
import { type RunRef, runAddress, runName, taskAddress } from "@/api/names";
import { useAsk } from "@/api/useAsk";
import { useKeys } from "@/app/keys";
import { useParam } from "@/app/useParam";
import { Empty } from "@/parts/Empty";
import { useMedia } from "@/parts/useMedia";
import { counted } from "@/words/numbers";
import { Camera, centred, firstView, READABLE, roomOf, showing, whole } from "./camera";
import { type FoldedGraph, type FoldedNode, totalOf } from "./counts";
import css from "./GraphTab.module.css";
import { GraphLegend, GraphTools } from "./GraphTools";
import { GraphView } from "./GraphView";
import view from "./GraphView.module.css";
import type { Layout } from "./layout/layoutTypes";
import { NodePanel } from "./NodePanel";
import { openFolds } from "./openFolds";
import { PanelSkeleton } from "./PanelSkeleton";
import { RunPanel } from "./RunPanel";
import { useGraph } from "./useGraph";
import { useLayout } from "./useLayout";
import { useNewcomers } from "./useNewcomers";
import { usePointer } from "./usePointer";
import { useFrame } from "./useSight";
import { type Arrow, failedNodes, focusOf, walked } from "./walk";

/** A run's graph, and what is known of the node that is selected. */
export default function GraphTab({ run }: { run: RunRef }) {
  const [open, setOpen] = useParam("open", "");
  const opened = useMemo(() => openFolds(open), [open]);
  const { data: graph, error } = useGraph(run, opened);
  const isNarrow = useMedia("(max-width: 640px)");
  const layout = useLayout(runName(run), graph, isNarrow ? "down" : "right");
  const fold = useCallback(
    (id: string) => {
      const kept = opened.filter((one) => one !== id && !one.startsWith(`${id}/`));
      setOpen((kept.length === opened.length ? [...opened, id] : kept).join(","));
    },
    [opened, setOpen],
  );
  if (error) return <Empty title="The graph can't be shown" lines={[error.message]} />;
  if (graph?.nodes.length === 0) return <NoTasks run={run} />;
  return (
    <div className={css.tab}>
      {graph && layout ? (
        <Picture run={run} graph={graph} layout={layout} onFold={fold} />
      ) : (
        <>
          <div className={view.frame} />
          <PanelSkeleton />
        </>
      )}
    </div>
  );
}

function NoTasks({ run }: { run: RunRef }) {
  if (useGoesOn(run)) {
    return (
      <Empty
        title="It has called no step yet"
        lines={["Each step that the flow calls appears here, with whose results it is given."]}
      />
    );
  }
  return <Empty title="It called no step" lines={["A call of a function with @step, in the flow, is a task."]} />;
}

function useGoesOn(run: RunRef): boolean {
  return useAsk("/runs/{flow}/{number}", { in: run }).data?.run.status === "running";
}

interface PictureProps {
  run: RunRef;
  graph: FoldedGraph;
  layout: Layout;
  onFold: (id: string) => void;
}

function Picture({ run, graph, layout, onFold }: PictureProps) {
  const camera = useMemo(() => new Camera(), []);
  const [selected, select] = useParam("node", "");
  const [follow, setFollow] = useParam("follow", "");
  const goesOn = useGoesOn(run);
  const latest = useRef({ graph, layout, selected, goesOn });
  latest.current = { graph, layout, selected, goesOn };

  // The camera moves by itself but once: to the first view.
  const hasLooked = useRef(false);
  const look = useCallback(() => {
    if (hasLooked.current || camera.size.width === 0) return;
    hasLooked.current = true;
    const now = latest.current;
    const focus = now.layout.boxes[now.selected] ?? now.layout.boxes[focusOf(now.graph) ?? ""];
    camera.look(firstView(now.layout, camera.size, focus ?? null, now.goesOn));
  }, [camera]);
  const frame = useFrame(camera, look);
  const { wheel, handlers } = usePointer(camera, () => select(""));
  const place = useCallback(
    (element: HTMLElement | null) => {
      const leave = [frame(element), wheel(element)];
      return () => {
        for (const one of leave) if (typeof one === "function") one();
      };
    },
    [frame, wheel],
  );

  const goTo = useCallback(
    (id: string) => {
      const box = latest.current.layout.boxes[id];
      select(id, { replace: latest.current.selected !== "" });
      if (box) camera.look(showing(camera.now, box, roomOf(latest.current.layout, camera.size)), 220);
    },
    [camera, select],
  );
  const openNode = useCallback((node: FoldedNode) => navigate(addressOf(run, node)), [run]);
  const running = graph.nodes.some(({ counts }) => (counts.running ?? 0) > 0);
  useEffect(() => {
    if (follow === "" || !running) return;
    const box = layout.boxes[focusOf(graph) ?? ""];
    if (box) camera.look(centred(box, roomOf(layout, camera.size), Math.max(camera.now.scale, READABLE)), 220);
  }, [follow, running, layout, graph, camera]);
  useKeys(
    { f: { does: "Keep what runs in sight", group: "Graph", run: () => setFollow(follow === "" ? "1" : "") } },
    goesOn,
  );

  const newcomers = useNewcomers(camera, layout, goesOn);
  const seeAll = () => camera.look(whole(layout.bounds, roomOf(layout, camera.size)), 220);
  usePictureKeys({ ...latest.current, camera, goTo, seeAll, openNode, onFold, select });
  const node = graph.nodes.find(({ id }) => id === selected);
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div ref={place} className={view.frame} role="group" aria-label={labelOf(run, graph)} {...handlers}>
        <GraphView
          graph={graph}
          layout={layout}
          camera={camera}
          selected={selected}
          onSelect={goTo}
          onFold={onFold}
          onOpen={openNode}
        />
        <GraphLegend graph={graph} />
        <GraphTools
          onZoom={(factor) => camera.zoom(factor, undefined, undefined, 120)}
          onWhole={seeAll}
          newcomers={follow === "" ? newcomers : 0}
          {...(goesOn ? { onFollow: () => setFollow(follow === "" ? "1" : "") } : {})}
          isFollowing={follow !== ""}
        />
      </div>
      {node ? (
        <NodePanel run={run} node={node} onFold={onFold} onClose={() => select("")} />
      ) : (
        <RunPanel run={run} graph={graph} onSelect={goTo} />
      )}
    </>
  );
}

function labelOf(run: RunRef, { nodes }: FoldedGraph): string {
  const failed = nodes.filter(({ counts }) => (counts.failed ?? 0) > 0).length;
  return `Graph of ${runName(run)}: ${counted(nodes.length, "node")}${failed > 0 ? `, ${failed} failed` : ""}`;
}

/** A lone task's page, else the table of the node's tasks. */
function addressOf(run: RunRef, { name, counts }: FoldedNode): string {
  if (totalOf(counts) === 1) return taskAddress({ ...run, step: name, task: 1 });
  return runAddress(run, { view: "tasks", filter: `step:${name}` });
}

interface PictureKeys {
  graph: FoldedGraph;
  layout: Layout;
  selected: string;
  camera: Camera;
  goTo: (id: string) => void;
  seeAll: () => void;
  openNode: (node: FoldedNode) => void;
  onFold: (id: string) => void;
  select: (id: string) => void;
}

function usePictureKeys({
  graph,
  layout,
  selected,
  camera,
  goTo,
  seeAll,
  openNode,
  onFold,
  select,
}: PictureKeys): void {
  const group = "Graph";
  const node = graph.nodes.find(({ id }) => id === selected);
  const walk = (arrow: Arrow) => () => {
    const next = selected in layout.boxes ? walked(selected, arrow, layout) : (graph.nodes[0]?.id ?? null);
    if (next !== null) goTo(next);
  };
  const failure = (step: 1 | -1) => () => {
    const failed = failedNodes(graph);
    const at = failed.indexOf(selected);
    const next = failed.at((at < 0 && step < 0 ? 0 : at + step) % failed.length);
    if (next !== undefined) goTo(next);
  };
  useKeys({
    Left: { does: "Go left", group, run: walk("Left") },
    Right: { does: "Go right", group, run: walk("Right") },
    Up: { does: "Go up", group, run: walk("Up") },
    Down: { does: "Go down", group, run: walk("Down") },
    n: { does: "Next failure", group, run: failure(1) },
    N: { does: "Failure before", group, run: failure(-1) },
    "+": { does: "Zoom in", group, run: () => camera.zoom(1.3, undefined, undefined, 120) },
    "-": { does: "Zoom out", group, run: () => camera.zoom(1 / 1.3, undefined, undefined, 120) },
    "0": { does: "See all of it", group, run: seeAll },
  });
  useKeys(
    {
      Enter: { does: "Open its task, or its tasks", group, run: () => node && openNode(node) },
      Esc: { does: "Select nothing", group, run: () => select("") },
    },
    node !== undefined,
  );
  useKeys({ e: { does: "Open or fold", group, run: () => node && onFold(selected) } }, node?.kind === "flow");
}
