import { type PointerEvent, type RefCallback, useCallback, useMemo, useRef } from "react";
import type { Camera } from "./camera";

const CLICK = 4; // pixels that a pointer may move and has still clicked

/** Drags, pinches and wheels that move the camera; a click beside all nodes is `onAside`. */
export function usePointer(camera: Camera, onAside: () => void) {
  const down = useRef(new Map<number, { x: number; y: number }>());
  const moved = useRef(0);
  const aside = useRef(onAside);
  aside.current = onAside;

  const wheel: RefCallback<HTMLElement> = useCallback(
    (element) => {
      if (element === null) return;
      const onWheel = (event: WheelEvent) => {
        event.preventDefault();
        const { left, top } = element.getBoundingClientRect();
        const unit = event.deltaMode === 1 ? 16 : 1;
        if (event.ctrlKey || event.metaKey) {
          camera.zoom(Math.exp(-event.deltaY * unit * 0.01), event.clientX - left, event.clientY - top);
        } else camera.pan(-event.deltaX * unit, -event.deltaY * unit);
      };
      element.addEventListener("wheel", onWheel, { passive: false });
      return () => element.removeEventListener("wheel", onWheel);
    },
    [camera],
  );

  const handlers = useMemo(() => {
    const pointers = down.current;
    const onPointerDown = (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      moved.current = 0;
    };
    const onPointerMove = (event: PointerEvent<HTMLElement>) => {
      const before = pointers.get(event.pointerId);
      if (before === undefined) return;
      const now = { x: event.clientX, y: event.clientY };
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      pointers.set(event.pointerId, now);
      moved.current += Math.hypot(now.x - before.x, now.y - before.y);
      if (moved.current <= CLICK) return;
      // Held only now: a captured pointer's click would go to the frame rather than to a node.
      event.currentTarget.setPointerCapture(event.pointerId);
      if (other === undefined) {
        camera.pan(now.x - before.x, now.y - before.y);
        return;
      }
      const { left, top } = event.currentTarget.getBoundingClientRect();
      const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.hypot(before.x - other.x, before.y - other.y);
      camera.zoom(factor, (now.x + other.x) / 2 - left, (now.y + other.y) / 2 - top);
      camera.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
    };
    const onPointerUp = (event: PointerEvent<HTMLElement>) => {
      const wasDown = pointers.delete(event.pointerId);
      const isNode = event.target instanceof Element && event.target.closest("[data-node]") !== null;
      if (wasDown && moved.current <= CLICK && !isNode && event.type === "pointerup") aside.current();
    };
    return { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: onPointerUp };
  }, [camera]);

  return { wheel, handlers };
}
