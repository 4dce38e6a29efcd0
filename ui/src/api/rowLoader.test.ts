import { describe, expect, it, vi } from "vitest";
import { createLoader } from "./rowLoader";

/** A server that answers when it is told to. */
function scripted() {
  const known = new Set<number>();
  const asked: number[][] = [];
  let answer = (_gone: number[] = []): void => {};
  const load = (ids: number[]) => {
    asked.push(ids);
    return new Promise<void>((resolve) => {
      answer = (gone = []) => {
        for (const id of ids) if (!gone.includes(id)) known.add(id);
        resolve();
      };
    });
  };
  const step = async (gone?: number[]) => {
    answer(gone);
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { asked, step, options: { has: (id: number) => known.has(id), load } };
}

describe("createLoader", () => {
  it("asks for what is seen by the time the request before is answered, and for nothing scrolled past", async () => {
    const { asked, step, options } = scripted();
    const loader = createLoader(options);
    loader.want([1, 2]);
    loader.want([3, 4]);
    loader.want([2, 9]);
    await step();
    await step();
    loader.want([1, 9]);
    expect(asked).toEqual([[1, 2], [9]]);
  });

  it("asks for at most so many at once", async () => {
    const { asked, step, options } = scripted();
    createLoader({ ...options, most: 2 }).want([1, 2, 3]);
    await step();
    await step();
    expect(asked).toEqual([[1, 2], [3]]);
  });

  it("asks again for what has changed where it is on screen, also while a request is under way", async () => {
    const { asked, step, options } = scripted();
    const loader = createLoader(options);
    loader.want([1, 2]);
    loader.again([2, 7]);
    await step();
    await step();
    expect(asked).toEqual([[1, 2], [2]]);
  });

  it("does not ask for what is gone in a circle", async () => {
    const { asked, step, options } = scripted();
    createLoader(options).want([1, 2]);
    await step([2]);
    await step();
    expect(asked).toEqual([[1, 2]]);
  });

  it("goes on after a failure, and not after it was stopped", async () => {
    const load = vi.fn().mockRejectedValueOnce(new Error("away")).mockResolvedValue(undefined);
    const failed = vi.fn();
    const loader = createLoader({ has: () => false, load, failed, pauseMs: 0 });
    loader.want([1]);
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(2));
    expect(failed).toHaveBeenCalledOnce();
    loader.stop();
    loader.want([2]);
    expect(load).toHaveBeenCalledTimes(2);
  });
});
