/**
 * Puts nodes and lines where the layout has them, and moves them there from where they were, without React: a frame sets
 * transforms and the text of five paths, and nothing else.
 */

import { type Camera, eased, overlap } from "./camera";
import { type EdgeKind, edgePaths } from "./edgePaths";
import type { Box, LaidEdge, Layout } from "./layout/layoutTypes";

const MOVE_MS = 220;
/** More nodes than these move at once rather than slowly. */
const MOST_MOVING = 400;

type PathKind = EdgeKind | "back";

export class Stage {
  private layout: Layout | null = null;
  private shown: Record<string, Box> = {};
  private edges: readonly LaidEdge[] = [];
  private kindOf: (edge: LaidEdge) => EdgeKind = () => "plain";
  private region: Box | null = null;
  private frame = 0;
  private world: HTMLElement | null = null;
  private readonly nodes = new Map<string, HTMLElement>();
  private readonly paths = new Map<PathKind, SVGPathElement>();

  constructor(private readonly camera: Camera) {}

  /** The element that all is drawn in, which the camera moves. */
  readonly worldRef = (element: HTMLElement | null) => {
    if (element === null) return;
    this.world = element;
    this.aim();
    const leave = this.camera.onChange(() => this.aim());
    return () => {
      leave();
      cancelAnimationFrame(this.frame);
      this.world = null;
    };
  };

  node(id: string, element: HTMLElement | null): void {
    if (element === null) this.nodes.delete(id);
    else {
      this.nodes.set(id, element);
      this.put(id);
    }
  }

  path(kind: PathKind, element: SVGPathElement | null): void {
    if (element === null) this.paths.delete(kind);
    else this.paths.set(kind, element);
  }

  /** Where a node is drawn now. */
  boxOf(id: string): Box | undefined {
    return this.shown[id];
  }

  show(layout: Layout): void {
    cancelAnimationFrame(this.frame);
    const from = this.layout?.direction === layout.direction ? { ...this.shown } : {};
    const fromEdges = new Map(this.edges.map((edge) => [`${edge.source} ${edge.target}`, edge.points]));
    this.layout = layout;
    const ids = Object.keys(layout.boxes);
    const isMoving = ids.length <= MOST_MOVING && ids.some((id) => from[id] && !isSame(from[id], layout.boxes[id]));
    if (!isMoving || matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.settle();
      return;
    }
    const begin = performance.now();
    const step = (now: number) => {
      const share = eased((now - begin) / MOVE_MS);
      if (share >= 1) {
        this.settle();
        return;
      }
      for (const id of ids) this.shown[id] = between(from[id], layout.boxes[id] as Box, share);
      this.edges = layout.edges.map((edge) => {
        const points = fromEdges.get(`${edge.source} ${edge.target}`);
        if (points?.length !== edge.points.length) return edge;
        return { ...edge, points: edge.points.map((value, at) => mixed(points[at] as number, value, share)) };
      });
      this.draw();
      this.frame = requestAnimationFrame(step);
    };
    step(begin);
  }

  /** Which lines are drawn how, and where: null: all of them. */
  mark(kindOf: (edge: LaidEdge) => EdgeKind, region: Box | null): void {
    this.kindOf = kindOf;
    this.region = region;
    this.drawEdges();
  }

  private settle(): void {
    this.shown = this.layout?.boxes ?? {};
    this.edges = this.layout?.edges ?? [];
    this.draw();
  }

  private draw(): void {
    for (const id of this.nodes.keys()) this.put(id);
    this.drawEdges();
  }

  private put(id: string): void {
    const [box, element] = [this.shown[id], this.nodes.get(id)];
    if (box === undefined || element === undefined) return;
    element.style.transform = `translate(${box.x}px, ${box.y}px)`;
    element.style.width = `${box.width}px`;
    element.style.height = `${box.height}px`;
  }

  private drawEdges(): void {
    const { region, layout } = this;
    if (layout === null) return;
    const edges =
      region === null ? this.edges : this.edges.filter((edge) => edge.isBack || overlap(around(edge), region));
    const texts = edgePaths(edges, this.shown, layout.direction, this.kindOf);
    for (const [kind, element] of this.paths) element.setAttribute("d", texts[kind]);
  }

  private aim(): void {
    const { x, y, scale } = this.camera.now;
    if (this.world) this.world.style.transform = `translate(${-x * scale}px, ${-y * scale}px) scale(${scale})`;
  }
}

function isSame(one: Box, other: Box | undefined): boolean {
  return one.x === other?.x && one.y === other.y && one.width === other.width && one.height === other.height;
}

function mixed(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

function between(from: Box | undefined, to: Box, share: number): Box {
  if (from === undefined) return to;
  return {
    x: mixed(from.x, to.x, share),
    y: mixed(from.y, to.y, share),
    width: mixed(from.width, to.width, share),
    height: mixed(from.height, to.height, share),
  };
}

function around({ points }: LaidEdge): Box {
  const xs = points.filter((_, at) => at % 2 === 0);
  const ys = points.filter((_, at) => at % 2 === 1);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x + 1, height: Math.max(...ys) - y + 1 };
}
