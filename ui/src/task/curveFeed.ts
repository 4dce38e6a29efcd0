import type { Schemas } from "@/api/types";
import { numberOf } from "@/draw/series";

export type CurveInfo = Schemas["CurveInfo"];

/** Asks for a curve: what comes after a cursor, or (undefined) all. */
export type AskCurve = (since: string | undefined, signal: AbortSignal) => Promise<CurveInfo>;

export interface CurvePoints {
  xs: readonly number[];
  ys: readonly number[];
  /** When each was logged: UTC, seconds. */
  times: readonly number[];
  count: number;
  thinned: boolean;
  nonfinite: number;
}

/** So many times the points that come at once are kept before a curve that grows is thinned anew. */
const MOST_GROWN = 3;
/** Between two questions. */
const REST_MS = 300;

/** A curve that may grow: what is new is asked for alone. Knows nothing of how it is drawn. */
export class CurveFeed {
  points: CurvePoints | null = null;
  error: Error | null = null;
  private cursor = "";
  private first = 0; // points that came at once
  private quit = new AbortController();
  private isBusy = false;
  private hasMore = false;
  private version = 0;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly ask: AskCurve) {}

  open(): void {
    this.quit = new AbortController();
    this.isBusy = false;
    this.hasMore = true;
    void this.read();
  }

  close(): void {
    this.quit.abort();
  }

  /** There may be more of it. */
  grow(): void {
    this.hasMore = true;
    if (!this.isBusy && !this.quit.signal.aborted) void this.read();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): number => this.version;

  private async read(): Promise<void> {
    const { signal } = this.quit;
    this.isBusy = true;
    while (this.hasMore && !signal.aborted) {
      this.hasMore = false;
      try {
        const isFull = this.points !== null && this.points.xs.length > MOST_GROWN * Math.max(this.first, 200);
        this.take(await this.ask(this.cursor && !isFull ? this.cursor : undefined, signal), isFull);
        this.error = null;
      } catch (error) {
        if (signal.aborted) return;
        this.error = error instanceof Error ? error : new Error(String(error));
      }
      this.version += 1;
      for (const listener of this.listeners) listener();
      if (this.hasMore) await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
    if (!signal.aborted) this.isBusy = false;
  }

  private take(curve: CurveInfo, isFull: boolean): void {
    const xs = curve.xs.map(numberOf);
    const ys = curve.ys.map(numberOf);
    const times = (curve.times ?? []).map(numberOf);
    const { count = 0, thinned = false, nonfinite = 0 } = curve;
    const before = this.points;
    const last = before?.xs.at(-1) ?? Number.NEGATIVE_INFINITY;
    const isNext = this.cursor !== "" && !isFull && !curve.anew && before !== null;
    if (isNext && xs.length > 0 && (xs[0] ?? 0) < last) {
      // A step that was logged before: where it belongs is for the server to say.
      this.cursor = "";
      this.hasMore = true;
      return;
    }
    this.cursor = curve.cursor ?? "";
    if (!isNext) {
      this.first = xs.length;
      this.points = { xs, ys, times, count, thinned, nonfinite };
    } else if (xs.length > 0) {
      this.points = {
        xs: [...before.xs, ...xs],
        ys: [...before.ys, ...ys],
        times: [...before.times, ...times],
        count: before.count + count,
        thinned: before.thinned || thinned,
        nonfinite: before.nonfinite + nonfinite,
      };
    }
  }
}
