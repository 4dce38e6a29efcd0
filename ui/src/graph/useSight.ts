import { type RefCallback, useCallback, useEffect, useState } from "react";
import { type Camera, overlap, READABLE, seen } from "./camera";
import type { Box, Layout } from "./layout/layoutTypes";

/** Beyond so many nodes in sight they are drawn on a canvas: none of them could be read. */
const MOST_NODES = 400;

/** What of a graph is drawn. */
interface Sight {
  ids: string[];
  isCrowded: boolean;
  /** Where lines are drawn; null: everywhere. */
  region: Box | null;
}

/** What is in sight, and half as much around: it changes as the camera leaves that, not with each of its moves. */
export function useSight(camera: Camera, layout: Layout): Sight {
  const [sight, setSight] = useState(() => sightOf(camera, layout));
  useEffect(() => {
    let now = sightOf(camera, layout);
    setSight(now);
    return camera.onChange(() => {
      if (isStill(now, camera)) return;
      now = sightOf(camera, layout);
      setSight(now);
    });
  }, [camera, layout]);
  return sight;
}

function sightOf(camera: Pick<Camera, "now" | "size">, { boxes }: Layout): Sight {
  const all = Object.keys(boxes);
  if (all.length <= MOST_NODES) return { ids: all, isCrowded: false, region: null };
  const view = seen(camera.now, camera.size);
  const region = {
    x: view.x - view.width / 2,
    y: view.y - view.height / 2,
    width: 2 * view.width,
    height: 2 * view.height,
  };
  const inside = (box: Box) => all.filter((id) => overlap(boxes[id] as Box, box));
  const isCrowded = camera.now.scale < READABLE / 3 || inside(view).length > MOST_NODES;
  return { ids: isCrowded ? [] : inside(region).slice(0, 2 * MOST_NODES), isCrowded, region };
}

/** Whether what is drawn still reaches beyond what is seen, and not much further. */
function isStill({ region, isCrowded }: Sight, camera: Camera): boolean {
  if (region === null) return true;
  if (isCrowded) return false;
  const view = seen(camera.now, camera.size);
  return (
    view.x >= region.x &&
    view.y >= region.y &&
    view.x + view.width <= region.x + region.width &&
    view.y + view.height <= region.y + region.height &&
    region.width < 4 * view.width
  );
}

/** Tells the camera how large its window is; `onSize` is called with each change of that. */
export function useFrame(camera: Camera, onSize: () => void): RefCallback<HTMLElement> {
  return useCallback(
    (element: HTMLElement | null) => {
      if (element === null) return;
      const observer = new ResizeObserver(() => {
        camera.size = { width: element.clientWidth, height: element.clientHeight };
        onSize();
      });
      observer.observe(element);
      return () => observer.disconnect();
    },
    [camera, onSize],
  );
}
