import { memo } from "react";
import style from "./Sparkline.module.css";
import { showNumber } from "./show";
import { sparkPath } from "./spark";

interface SparklineProps {
  /** What it is: read out with where it begins and ends. */
  label: string;
  ys: readonly number[];
  xs?: readonly number[];
  width?: number;
  height?: number;
  /** "running" while it goes on. */
  tone?: "quiet" | "running" | "accent";
}

/** A curve as small as a word: for hundreds of rows. */
export const Sparkline = memo(function Sparkline(props: SparklineProps) {
  const { label, ys, xs, width = 112, height = 20, tone = "quiet" } = props;
  const finite = ys.filter(Number.isFinite);
  const [first, last] = [finite[0], finite.at(-1)];
  const said = first === undefined || last === undefined ? "none" : `from ${showNumber(first)} to ${showNumber(last)}`;
  return (
    <svg className={style[tone]} width={width} height={height} role="img" aria-label={`${label}, ${said}`}>
      <path d={sparkPath(ys, width, height, xs)} />
    </svg>
  );
});
