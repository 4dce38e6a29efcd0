import { describe, expect, it } from "vitest";
import { layout } from "./layout";
import { Layouts } from "./layouts";
import type { Layout, LayoutQuestion } from "./layoutTypes";

/** A worker that answers when it is told to. */
class HeldWorker {
  onmessage: ((event: { data: Layout }) => void) | null = null;
  readonly asked: LayoutQuestion[] = [];
  isEnded = false;

  postMessage(question: LayoutQuestion): void {
    this.asked.push(question);
  }

  answer(): void {
    const question = this.asked.at(-1);
    if (question && !this.isEnded) this.onmessage?.({ data: layout(question) });
  }

  terminate(): void {
    this.isEnded = true;
  }
}

function chain(count: number): LayoutQuestion {
  const nodes = Array.from({ length: count }, (_, at) => ({ id: `n${at}`, width: 10, height: 10 }));
  return { nodes, edges: [], direction: "right" };
}

function begun() {
  const told: number[] = [];
  const workers: HeldWorker[] = [];
  const layouts = new Layouts(
    ({ boxes }) => told.push(Object.keys(boxes).length),
    () => {
      const worker = new HeldWorker();
      workers.push(worker);
      return worker as unknown as Worker;
    },
  );
  return { layouts, told, workers };
}

describe("Layouts", () => {
  it("lays out a small graph at once", () => {
    const { layouts, told, workers } = begun();
    layouts.ask(chain(3));
    expect([told, workers.length]).toEqual([[3], 0]);
  });

  it("asks for the last of all that came meanwhile, with the order of the one before", () => {
    const { layouts, told, workers } = begun();
    for (const count of [100, 101, 102, 103]) layouts.ask(chain(count));
    workers[0]?.answer();
    expect(told).toEqual([100]);
    workers[0]?.answer();
    expect(told).toEqual([100, 103]);
    expect(workers[0]?.asked.map(({ nodes, before }) => [nodes.length, before !== undefined])).toEqual([
      [100, false],
      [103, true],
    ]);
  });

  it("tells nothing that is stale", () => {
    const { layouts, told, workers } = begun();
    layouts.ask(chain(100));
    layouts.forget();
    workers[0]?.answer();
    layouts.ask(chain(90));
    expect([told, workers[0]?.isEnded]).toEqual([[], true]);
    workers[1]?.answer();
    expect([told, workers[1]?.asked[0]?.before]).toEqual([[90], undefined]);
  });
});
