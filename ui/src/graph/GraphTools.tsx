import { Crosshair, Maximize, Minus, Plus } from "lucide-react";
import { Button } from "@/parts/Button";
import { StatusMark } from "@/parts/StatusMark";
import { counted } from "@/words/numbers";
import { type FoldedGraph, statusOf } from "./counts";
import css from "./GraphView.module.css";

interface GraphToolsProps {
  onZoom: (factor: number) => void;
  onWhole: () => void;
  /** Nodes that have come and are out of sight. */
  newcomers: number;
  /** Absent: the run is over. */
  onFollow?: () => void;
  isFollowing: boolean;
}

export function GraphTools({ onZoom, onWhole, newcomers, onFollow, isFollowing }: GraphToolsProps) {
  return (
    <div className={css.tools}>
      {newcomers > 0 && (
        <Button kind="bare" size="small" className={css.newcomers} title="See all of it (0)" onClick={onWhole}>
          {counted(newcomers, "new node")} out of sight
        </Button>
      )}
      {onFollow && (
        <Button
          kind="bare"
          size="small"
          aria-pressed={isFollowing}
          title="Keep what runs in sight (f)"
          icon={<Crosshair aria-hidden="true" />}
          onClick={onFollow}
        >
          Follow
        </Button>
      )}
      <Button kind="bare" size="small" aria-label="Zoom out" title="Zoom out (-)" onClick={() => onZoom(1 / 1.3)}>
        <Minus aria-hidden="true" />
      </Button>
      <Button kind="bare" size="small" aria-label="All of it" title="All of it (0)" onClick={onWhole}>
        <Maximize aria-hidden="true" />
      </Button>
      <Button kind="bare" size="small" aria-label="Zoom in" title="Zoom in (+)" onClick={() => onZoom(1.3)}>
        <Plus aria-hidden="true" />
      </Button>
    </div>
  );
}

/** What the marks that are on screen mean. */
export function GraphLegend({ graph }: { graph: FoldedGraph }) {
  const found = new Set(graph.nodes.map(({ counts, reused }) => statusOf(counts, reused)));
  const shown = ["done", "reused", "running", "failed", "cancelled", "waiting"].filter((status) => found.has(status));
  const hasAfter = graph.edges.some((edge) => edge.is_after);
  return (
    <div className={css.legend} aria-hidden="true">
      {shown.map((status) => (
        <span key={status} className={css.key}>
          <StatusMark status={status} silent />
          {status}
        </span>
      ))}
      {hasAfter && (
        <span className={css.key}>
          <svg width="18" height="8" aria-hidden="true">
            <path className={css.dashes} d="M0 4H18" />
          </svg>
          ran after it
        </span>
      )}
    </div>
  );
}
