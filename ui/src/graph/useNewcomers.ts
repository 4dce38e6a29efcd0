import { useEffect, useRef, useState } from "react";
import { type Camera, overlap, seen } from "./camera";
import type { Layout } from "./layout/layoutTypes";

/**
 * How many nodes have come since the graph was opened and were never in sight: the camera does not go to them by itself.
 * `isOn`: the run goes on.
 */
export function useNewcomers(camera: Camera, layout: Layout, isOn: boolean): number {
  const known = useRef<Set<string> | null>(null);
  const [newcomers, setNewcomers] = useState(0);
  useEffect(() => {
    const ids = Object.keys(layout.boxes);
    if (known.current === null || !isOn) known.current = new Set(ids);
    let unseen = ids.filter((id) => !known.current?.has(id));
    const look = () => {
      const view = seen(camera.now, camera.size);
      for (const id of unseen) if (overlap(layout.boxes[id] as Layout["bounds"], view)) known.current?.add(id);
      unseen = unseen.filter((id) => !known.current?.has(id));
      setNewcomers(unseen.length);
    };
    look();
    return unseen.length > 0 ? camera.onChange(look) : undefined;
  }, [camera, layout, isOn]);
  return newcomers;
}
