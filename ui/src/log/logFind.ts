import type { AskLog } from "./logPlace";

interface LogHit {
  number: number;
  offset: number;
}

const AT_ONCE = 500;
/** Lines that are found before somebody has to ask for more. */
const MOST_HITS = 5000;

/** Where a text stands in a log. The server looks through 64 MiB at a time. */
export class LogFind {
  hits: LogHit[] = [];
  /** Bytes that were looked through, from the log's beginning on. */
  searched = 0;
  isDone = false;
  error: Error | null = null;

  private readonly quit = new AbortController();
  private to: number | undefined;
  private isBusy = false;

  constructor(
    private readonly ask: AskLog,
    readonly text: string,
    private readonly onChange: () => void,
  ) {
    void this.more();
  }

  close(): void {
    this.quit.abort();
  }

  /** Look on, also in what was written since. */
  async more(): Promise<void> {
    if (this.isBusy || this.quit.signal.aborted) return;
    this.isBusy = true;
    const most = this.hits.length + MOST_HITS;
    try {
      do {
        const query = { find: this.text, limit: AT_ONCE, ...(this.to === undefined ? {} : { from: this.to }) };
        const part = await this.ask(query, this.quit.signal);
        for (const { number, offset } of part.lines) {
          // The pieces of a long line are one hit.
          if (typeof number === "number" && this.hits.at(-1)?.number !== number) this.hits.push({ number, offset });
        }
        const before = this.to ?? part.begin;
        this.to = part.to;
        this.searched = part.to - part.begin;
        this.isDone = part.to >= part.end || part.to <= before;
        this.onChange();
      } while (!this.isDone && this.hits.length < most);
    } catch (error) {
      if (this.quit.signal.aborted) return;
      this.error = error instanceof Error ? error : new Error(String(error));
      this.onChange();
    } finally {
      this.isBusy = false;
    }
  }

  /** The place among the hits of the next one behind a line (or before it), around the ends; -1: there is none. */
  next(number: number, step: 1 | -1): number {
    const { hits } = this;
    if (hits.length === 0) return -1;
    const at = firstFrom(hits, step > 0 ? number + 1 : number);
    return step > 0 ? at % hits.length : (at - 1 + hits.length) % hits.length;
  }

  /** The place of the hit on a line; -1: it is none. */
  placeOf(number: number): number {
    const at = firstFrom(this.hits, number);
    return this.hits[at]?.number === number ? at : -1;
  }
}

/** The first hit on this line or behind it. */
function firstFrom(hits: readonly LogHit[], number: number): number {
  let [low, high] = [0, hits.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((hits[middle]?.number ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Begin and end of each place where a text stands in a line; capitals don't count. */
export function placesIn(line: string, text: string): [number, number][] {
  const sought = text.toLowerCase();
  const found: [number, number][] = [];
  if (!sought) return found;
  const lower = line.toLowerCase();
  if (lower.length !== line.length) return found; // letters whose small form is longer: what is marked would be another
  for (let at = lower.indexOf(sought); at >= 0; at = lower.indexOf(sought, at + sought.length)) {
    found.push([at, at + sought.length]);
  }
  return found;
}
