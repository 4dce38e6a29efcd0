import { describe, expect, it } from "vitest";
import { type AskCurve, CurveFeed, type CurveInfo } from "./curveFeed";

/** What a server would say of points that were logged: two at most for each that is asked for. */
class Logged {
  ys: number[] = [];
  steps: number[] = [];
  tries = 1;
  asked: (string | undefined)[] = [];

  log(step: number, y: number): void {
    this.steps.push(step);
    this.ys.push(y);
  }

  readonly ask: AskCurve = async (since) => {
    this.asked.push(since);
    const [tries, seen] = (since ?? "0.0").split(".").map(Number);
    const anew = since !== undefined && tries !== this.tries;
    const begin = since === undefined || anew ? 0 : (seen ?? 0);
    const cursor = `${this.tries}.${this.ys.length}`;
    const [xs, ys] = [this.steps.slice(begin), this.ys.slice(begin)];
    const told = { nonfinite: 0, thinned: false, times: xs, count: xs.length, cursor, anew };
    return { task: "", name: "loss", x: "step", xs, ys, ...told } satisfies CurveInfo;
  };
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !holds(); turn++) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(holds()).toBe(true);
}

function opened(logged: Logged): CurveFeed {
  const feed = new CurveFeed(logged.ask);
  feed.open();
  return feed;
}

describe("CurveFeed", () => {
  it("asks for what is new alone", async () => {
    const logged = new Logged();
    logged.log(0, 1);
    const feed = opened(logged);
    await until(() => feed.points?.count === 1);
    logged.log(1, 0.5);
    feed.grow();
    await until(() => feed.points?.count === 2);
    expect(feed.points?.ys).toEqual([1, 0.5]);
    expect(logged.asked).toEqual([undefined, "1.1"]);
  });

  it("begins anew where what it has counts no more", async () => {
    const logged = new Logged();
    logged.log(0, 1);
    const feed = opened(logged);
    await until(() => feed.points?.count === 1);
    [logged.tries, logged.ys, logged.steps] = [2, [3], [0]];
    feed.grow();
    await until(() => feed.points?.ys[0] === 3);
    expect(feed.points?.count).toBe(1);
  });

  it("asks for all where a step comes that was logged before, and where it has grown long", async () => {
    const logged = new Logged();
    logged.log(5, 1);
    const feed = opened(logged);
    await until(() => feed.points?.count === 1);
    logged.log(2, 2);
    feed.grow();
    await until(() => feed.points?.count === 2);
    expect(logged.asked.at(-1)).toBeUndefined();

    for (let step = 6; step < 700; step++) logged.log(step, 0);
    feed.grow();
    await until(() => feed.points?.count === logged.ys.length);
    logged.log(700, 0);
    feed.grow();
    await until(() => feed.points?.count === logged.ys.length);
    expect(logged.asked.at(-1)).toBeUndefined();
  });

  it("keeps what it has where the server can't be asked", async () => {
    const logged = new Logged();
    logged.log(0, 1);
    const feed = opened(logged);
    await until(() => feed.points?.count === 1);
    const { ask } = logged;
    const failing = new CurveFeed(() => Promise.reject(new Error("gone")));
    failing.open();
    await until(() => failing.error !== null);
    expect([failing.points, failing.error?.message]).toEqual([null, "gone"]);
    void ask;
  });
});
