import { Star } from "lucide-react";
import type { ShownColumn } from "./columns";
import css from "./PinBest.module.css";

interface PinBestProps {
  column: ShownColumn;
  /** By what the best is pinned, as the server sorts: "-accuracy" the largest; "": none is. */
  best: string;
  onBest: (best: string) => void;
}

const LESS_IS_BETTER = /loss|err|mae|mse|rmse|perplexity|nll|wer|latency|seconds|time|cost|regret/i;

/** By its name, whether the smallest value of a metric is the best; the reader can turn it. */
export function isLessBetter(metric: string): boolean {
  return LESS_IS_BETTER.test(metric);
}

/** Pins the best run by a metric; pressed again the other end, then none. */
export function PinBest({ column, best, onBest }: PinBestProps) {
  const word = column.which === "curve" ? column.name : column.word;
  const usual = isLessBetter(column.name) ? word : `-${word}`;
  const other = usual === word ? `-${word}` : word;
  const next = best === usual ? other : best === other ? "" : usual;
  const isOn = best === usual || best === other;
  const does =
    next === "" ? "Pin no run" : `Pin the run with the ${next.startsWith("-") ? "largest" : "smallest"} ${column.name}`;
  return (
    <button
      type="button"
      className={css.star}
      aria-pressed={isOn}
      aria-label={does}
      title={does}
      onClick={() => onBest(next)}
    >
      <Star size={12} aria-hidden fill={isOn ? "currentColor" : "none"} />
    </button>
  );
}
