/** A line as small as a word, as an SVG path. */

import { extent, linear } from "./scales";

/** The path of values at equal distances (or at `xs`) in a box, half a line's width from its edges; what is not finite is
 * a gap. One value is a dot. "": there is none. */
export function sparkPath(ys: readonly number[], width: number, height: number, xs?: readonly number[]): string {
  const tall = extent(ys);
  const wide = xs ? extent(xs) : ([0, ys.length - 1] as const);
  if (tall === null || wide === null) return "";
  const across = linear(wide, [1, width - 1]);
  const up = linear(tall[0] === tall[1] ? [tall[0] - 1, tall[1] + 1] : tall, [height - 1.5, 1.5]);
  let path = "";
  let pen = "M";
  ys.forEach((y, at) => {
    const x = xs?.[at] ?? at;
    if (!Number.isFinite(y) || !Number.isFinite(x)) {
      pen = "M";
      return;
    }
    const last = !Number.isFinite(ys[at + 1]); // alone between gaps: a round cap makes a dot of it
    const px = wide[0] === wide[1] ? width / 2 : across.to(x);
    path += `${pen}${tidy(px)} ${tidy(up.to(y))}${pen === "M" && last ? "h0" : ""}`;
    pen = "L";
  });
  return path;
}

function tidy(pixel: number): number {
  return Math.round(pixel * 10) / 10;
}
