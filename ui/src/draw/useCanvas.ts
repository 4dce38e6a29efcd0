import { type RefCallback, useCallback, useEffect, useRef } from "react";
import { type Painter, paintOn, type Surface } from "./canvas";

/** A canvas that `paint` is called for: give its ref to the canvas. Painted anew when `paint` is another function. */
export function useCanvas(paint: (surface: Surface) => void): RefCallback<HTMLCanvasElement> {
  const latest = useRef(paint);
  const painter = useRef<Painter | null>(null);
  useEffect(() => {
    latest.current = paint;
    painter.current?.ask();
  }, [paint]);
  return useCallback((canvas: HTMLCanvasElement | null) => {
    if (canvas === null) return;
    painter.current = paintOn(canvas, (surface) => latest.current(surface));
    return () => painter.current?.stop();
  }, []);
}
