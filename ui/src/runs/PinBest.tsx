import { Star } from "lucide-react";
import { isLessBetter } from "@/words/better";
import type { ShownColumn } from "./columns";
import css from "./PinBest.module.css";

interface PinBestProps {
  column: ShownColumn;
  /** By what the best is pinned, as the server sorts: "-accuracy" the largest; "": none is. */
  best: string;
  onBest: (best: string) => void;
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
