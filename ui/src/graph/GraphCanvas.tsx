import { useCallback, useEffect, useMemo, useState } from "react";
import type { Surface } from "@/draw/canvas";
import { type ColourName, type Colours, useColours } from "@/draw/colours";
import { useCanvas } from "@/draw/useCanvas";
import { markOf } from "@/parts/StatusMark";
import { type Camera, overlap, seen } from "./camera";
import { type FoldedGraph, statusOf } from "./counts";
import { edgePaths } from "./edgePaths";
import css from "./GraphView.module.css";
import type { Box, Layout } from "./layout/layoutTypes";

interface GraphCanvasProps {
  graph: FoldedGraph;
  layout: Layout;
  camera: Camera;
  selected: string;
}

/** A graph from afar: a spot of its state's colour for each node. */
export function GraphCanvas({ graph, layout, camera, selected }: GraphCanvasProps) {
  const colours = useColours();
  const [, setMoves] = useState(0);
  useEffect(() => camera.onChange(() => setMoves((moves) => moves + 1)), [camera]);
  const lines = useMemo(() => {
    const texts = edgePaths(layout.edges, layout.boxes, layout.direction, ({ source, target }) =>
      source === selected || target === selected ? "selected" : "plain",
    );
    return { plain: new Path2D(texts.plain), selected: new Path2D(texts.selected) };
  }, [layout, selected]);
  const view = camera.now;
  const paint = useCallback(
    ({ ctx, width, height }: Surface) => {
      const region = seen(view, { width, height });
      ctx.scale(view.scale, view.scale);
      ctx.translate(-view.x, -view.y);
      ctx.lineWidth = 1 / view.scale;
      ctx.strokeStyle = colours["line-strong"];
      ctx.stroke(lines.plain);
      ctx.lineWidth = 2 / view.scale;
      ctx.strokeStyle = colours.accent;
      ctx.stroke(lines.selected);
      for (const { id, counts, reused, is_open: isOpen } of graph.nodes) {
        const box = layout.boxes[id];
        if (box && overlap(box, region))
          spot(ctx, box, isOpen ?? false, statusOf(counts, reused), colours, id === selected);
      }
    },
    [view, graph, layout, lines, colours, selected],
  );
  const canvas = useCanvas(paint);
  return <canvas ref={canvas} className={css.canvas} />;
}

function spot(
  ctx: CanvasRenderingContext2D,
  { x, y, width, height }: Box,
  isOpen: boolean,
  status: string,
  colours: Colours,
  isSelected: boolean,
): void {
  const mark = markOf(status);
  const named: Record<string, ColourName> = { cancelled: "waiting" };
  const colour = colours[named[mark] ?? (mark as ColourName)];
  ctx.beginPath();
  ctx.roundRect(x, y, width, height, 8);
  if (!isOpen) {
    ctx.fillStyle = colours.surface;
    ctx.fill();
    // What is done is quiet; what is not is seen from afar.
    ctx.globalAlpha = mark === "done" || mark === "reused" ? 0.35 : mark === "waiting" ? 0.2 : 0.9;
    ctx.fillStyle = colour;
    ctx.fill();
    ctx.globalAlpha = 1;
  }
  if (!isOpen && !isSelected) return;
  ctx.strokeStyle = isSelected ? colours.accent : colours["line-strong"];
  ctx.stroke();
}
