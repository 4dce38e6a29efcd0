import { type PointerEvent, useState } from "react";

export interface Drag {
  from: [number, number];
  to: [number, number];
}

const LEAST = 4; // pixels: less is a click

/** A drag over an element, in its own pixels; `onEnd` null: it was a click. */
export function useDrag(onEnd: (drag: Drag | null) => void) {
  const [drag, setDrag] = useState<Drag | null>(null);
  const at = (event: PointerEvent): [number, number] => {
    const box = event.currentTarget.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const hooks = {
    onPointerDown(event: PointerEvent) {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      setDrag({ from: at(event), to: at(event) });
    },
    onPointerMove(event: PointerEvent) {
      if (drag) setDrag({ ...drag, to: at(event) });
    },
    onPointerUp() {
      if (!drag) return;
      const isLong = Math.hypot(drag.to[0] - drag.from[0], drag.to[1] - drag.from[1]) >= LEAST;
      setDrag(null);
      onEnd(isLong ? drag : null);
    },
    onPointerCancel() {
      setDrag(null);
    },
  };
  return { drag, hooks };
}
