import { act, renderHook } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { Camera } from "./camera";
import type { Layout } from "./layout/layoutTypes";
import { useNewcomers } from "./useNewcomers";

function laid(count: number): Layout {
  const boxes = Array.from({ length: count }, (_, at) => [`n${at}`, { x: at * 200, y: 0, width: 120, height: 38 }]);
  const bounds = { x: 0, y: 0, width: count * 200, height: 38 };
  return { boxes: Object.fromEntries(boxes), edges: [], bounds, direction: "right", memory: {} };
}

function camera(): Camera {
  const made = new Camera();
  made.size = { width: 500, height: 300 };
  return made;
}

describe("nodes that have come out of sight", () => {
  it("are counted until they were seen, also when they are left again", () => {
    const looked = camera();
    const { result, rerender } = renderHook(({ layout }) => useNewcomers(looked, layout, true), {
      initialProps: { layout: laid(2) },
    });
    expect(result.current).toBe(0);
    rerender({ layout: laid(6) }); // the third is in sight
    expect(result.current).toBe(3);
    act(() => looked.look({ x: 700, y: 0, scale: 1 }));
    expect(result.current).toBe(0);
    act(() => looked.look({ x: 0, y: 0, scale: 1 }));
    expect(result.current).toBe(0);
  });

  it("are none when the graph is opened, and none once the run is over", () => {
    const looked = camera();
    const { result, rerender } = renderHook(({ layout, isOn }) => useNewcomers(looked, layout, isOn), {
      initialProps: { layout: laid(9), isOn: true },
    });
    expect(result.current).toBe(0);
    rerender({ layout: laid(12), isOn: true });
    expect(result.current).toBe(3);
    rerender({ layout: laid(12), isOn: false });
    expect(result.current).toBe(0);
  });
});
