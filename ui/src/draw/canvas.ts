/** A canvas that is as sharp as the screen, painted at most once a frame. */

import { colours, onColours } from "./colours";

export interface Surface {
  readonly ctx: CanvasRenderingContext2D;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
}

export interface Painter {
  /** Paint anew with the next frame. */
  ask(): void;
  stop(): void;
}

/** Has `paint` called whenever the canvas has another size, the page another theme, or `ask` is called. */
export function paintOn(canvas: HTMLCanvasElement, paint: (surface: Surface) => void): Painter {
  const ctx = canvas.getContext("2d");
  if (ctx === null) return { ask: () => undefined, stop: () => undefined };
  let frame = 0;
  const draw = () => {
    frame = 0;
    const { clientWidth: width, clientHeight: height } = canvas;
    const ratio = devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide) canvas.width = wide;
    if (canvas.height !== high) canvas.height = high;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, width, height);
    if (width > 0 && height > 0) paint({ ctx, width, height });
  };
  const ask = () => {
    frame ||= requestAnimationFrame(draw);
  };
  const sized = new ResizeObserver(draw); // at once, not with the next frame: a canvas of another size is empty
  sized.observe(canvas);
  const unhear = onColours(ask);
  const stop = () => {
    cancelAnimationFrame(frame);
    sized.disconnect();
    unhear();
  };
  return { ask, stop };
}

/** Text of `size` pixels in the page's face. */
export function fontOf(size: number, weight = 400): string {
  return `${weight} ${size}px ${colours().font}`;
}

/** As much of `text` as has room, with an ellipsis; "": not even three letters have. `wide` measures a text. */
export function fitted(text: string, room: number, wide: (part: string) => number): string {
  if (wide(text) <= room) return text;
  let low = 0;
  let high = text.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (wide(`${text.slice(0, middle)}…`) <= room) low = middle;
    else high = middle - 1;
  }
  return low < 3 ? "" : `${text.slice(0, low)}…`;
}
