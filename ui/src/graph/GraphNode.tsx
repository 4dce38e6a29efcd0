import { ChevronDown, ChevronRight } from "lucide-react";
import { memo, useCallback } from "react";
import { StatusMark } from "@/parts/StatusMark";
import { cutMiddle } from "@/words/cut";
import { barOf, type FoldedNode, figureOf, statusOf, toldCounts, totalOf } from "./counts";
import css from "./GraphNode.module.css";
import type { Stage } from "./stage";
import { lettersOf } from "./useLayout";

interface GraphNodeProps {
  node: FoldedNode;
  isSelected: boolean;
  /** It is the one that the Tab key reaches. */
  isFirst: boolean;
  stage: Stage;
  onSelect: (id: string) => void;
  onFold: (id: string) => void;
  onOpen: (node: FoldedNode) => void;
}

/** A step or a nested flow. Where it stands is the stage's matter. */
export const GraphNode = memo(function GraphNode(props: GraphNodeProps) {
  const { node, isSelected, isFirst, stage, onSelect, onFold, onOpen } = props;
  const { id, name, kind, counts, reused, is_open: isOpen = false } = node;
  const isFlow = kind === "flow";
  const status = statusOf(counts, reused);
  const figure = figureOf(counts);
  const place = useCallback(
    (element: HTMLElement | null) => {
      stage.node(id, element);
      return () => stage.node(id, null);
    },
    [stage, id],
  );
  const max = isOpen ? 60 : lettersOf(name, figure, isFlow);
  const shown = cutMiddle(name, max);
  return (
    <div
      ref={place}
      className={[css.node, isOpen && css.hull, isSelected && css.selected].filter(Boolean).join(" ")}
      data-status={status}
      data-many={totalOf(counts) > 1 || isFlow || undefined}
      data-node={id}
    >
      <button
        type="button"
        className={css.face}
        tabIndex={isSelected || isFirst ? 0 : -1}
        aria-pressed={isSelected}
        title={shown === name ? undefined : name}
        onClick={() => onSelect(id)}
        onDoubleClick={() => (isFlow ? onFold(id) : onOpen(node))}
      >
        <StatusMark status={status} />
        <bdi className={css.name}>
          <span aria-hidden={shown !== name}>{shown}</span>
          {shown !== name && <span className="unseen">{name}</span>}
        </bdi>
        {figure && (
          <span className={css.figure} title={toldCounts(counts)}>
            {figure}
          </span>
        )}
      </button>
      {isFlow && (
        <button
          type="button"
          className={css.fold}
          tabIndex={-1}
          aria-label={`${isOpen ? "Fold" : "Open"} ${name}`}
          title={isOpen ? "Fold (e)" : "Open (e)"}
          onClick={() => onFold(id)}
        >
          {isOpen ? <ChevronDown aria-hidden="true" /> : <ChevronRight aria-hidden="true" />}
        </button>
      )}
      {node.language && <span className={css.language}>{node.language}</span>}
      <Bar node={node} />
    </div>
  );
});

function Bar({ node: { counts } }: { node: FoldedNode }) {
  const parts = barOf(counts);
  if (parts.length === 0) return null;
  return (
    <div className={css.bar} aria-hidden="true">
      {parts.map(({ status, share }) => (
        <span key={status} data-part={status} style={{ width: `${share * 100}%` }} />
      ))}
    </div>
  );
}
