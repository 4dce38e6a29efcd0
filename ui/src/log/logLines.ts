import type { AskLog, LogPart, PartLine } from "./logPlace";

/** Lines of one block. */
export const BLOCK = 256;
/** Blocks that are kept. */
const MOST_BLOCKS = 64;
const TAIL = { max: 1 << 16, count: 1000 };
const MOST_BYTES = 1 << 20;
/** How long to wait until the lines of a large log are asked for anew that the server still counts. */
const COUNTING_MS = 400;

interface Block {
  lines: Map<number, PartLine>;
  /** The number up to which lines were asked for: what is not there then is not to be had. */
  askedTo: number;
}

/** The lines of a log by their numbers, from 1, as far as somebody has looked at them. Knows nothing of a screen.
 *
 * The last lines come first. Of a log that is so long that the server must count its lines, they are all there is until
 * it has: `isCounted` is false, and their numbers are not those of the log. */
export class LogLines {
  count = 0;
  isCounted = false;
  isOver = false;
  /** Bytes. */
  size = 0;
  error: Error | null = null;
  hasAnswered = false;

  private readonly blocks = new Map<number, Block>(); // the one used last stands last
  private readonly asked = new Set<number>();
  private readonly listeners = new Set<() => void>();
  private quit = new AbortController();
  private version = 0;
  private file = "";
  private to = 0;
  private isGrowing = false;
  private hasMore = false;

  constructor(private readonly ask: AskLog) {}

  open(): void {
    this.quit = new AbortController();
    void this.begin();
  }

  close(): void {
    this.quit.abort();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Another number after each change. */
  readonly snapshot = (): number => this.version;

  at(number: number): PartLine | undefined {
    return this.blocks.get(blockOf(number))?.lines.get(number);
  }

  /** Have the lines of these numbers come, if they are not there. */
  want(first: number, last: number): void {
    if (!this.isCounted || this.error) return;
    for (let block = blockOf(Math.max(1, first)); block <= blockOf(Math.min(last, this.count)); block++) {
      if (!this.isWhole(block) && !this.asked.has(block)) void this.fetch(block);
    }
  }

  /** The log may have grown: ask for what is new. */
  grow(): void {
    this.hasMore = true;
    if (this.hasAnswered && !this.isGrowing && !this.isOver) void this.follow();
  }

  /** Begin anew: after an error, or where another attempt writes now. */
  again(): void {
    this.error = null;
    this.blocks.clear();
    this.asked.clear();
    void this.begin();
  }

  /** Of the lines that are there, the last that was written at a time or before; 0: there is none such. */
  known(time: number): number {
    let [found, at] = [0, Number.NEGATIVE_INFINITY];
    for (const block of this.blocks.values()) {
      for (const line of block.lines.values()) {
        const written = line.at ? Date.parse(line.at) / 1000 : Number.NaN;
        if (written <= time && (written > at || (written === at && (line.number ?? 0) > found))) {
          [found, at] = [line.number ?? 0, written];
        }
      }
    }
    return found;
  }

  private async begin(): Promise<void> {
    await this.guard(async () => {
      const part = await this.ask(TAIL, this.quit.signal);
      this.take(part);
      const { signal } = this.quit;
      if (!this.isCounted) setTimeout(() => signal.aborted || void this.begin(), COUNTING_MS);
      else if (this.hasMore) this.grow();
    });
  }

  private async follow(): Promise<void> {
    this.isGrowing = true;
    while (this.hasMore && !this.isOver && !this.error && !this.quit.signal.aborted) {
      this.hasMore = false;
      await this.guard(async () => {
        const part = await this.ask({ from: this.to, max: MOST_BYTES, count: 1000 }, this.quit.signal);
        // Behind by more than comes at once: the last lines are what a reader waits for.
        this.take(
          part.end - part.to > TAIL.max || part.file !== this.file ? await this.ask(TAIL, this.quit.signal) : part,
        );
      });
    }
    this.isGrowing = false;
  }

  private async fetch(block: number): Promise<void> {
    this.asked.add(block);
    await this.guard(async () => {
      let number = block * BLOCK + 1;
      const last = Math.min(this.count, number + BLOCK - 1);
      let query: Parameters<AskLog>[0] = { line: number };
      while (number <= last) {
        const part = await this.ask({ ...query, count: last - number + 1, max: MOST_BYTES }, this.quit.signal);
        this.put(part.lines);
        const end = part.lines.at(-1)?.number;
        if (!end || end < number || part.to >= part.end) break;
        number = end + 1;
        query = { from: part.to };
      }
    });
    this.use(block).askedTo = Math.min(this.count, (block + 1) * BLOCK);
    this.asked.delete(block);
  }

  private take(part: LogPart): void {
    const last = part.lines.at(-1)?.number;
    if (part.file !== this.file || !this.isCounted) this.blocks.clear();
    this.isCounted = part.lines.length === 0 || typeof last === "number";
    if (this.isCounted) this.put(part.lines);
    else this.put(part.lines.map((line, place) => ({ ...line, number: place + 1 })));
    this.count = this.isCounted ? Math.max(part.file === this.file ? this.count : 0, last ?? 0) : part.lines.length;
    this.file = part.file;
    this.to = part.to;
    this.size = part.end - part.begin;
    this.isOver = part.is_over && part.to >= part.end;
    this.hasAnswered = true;
    this.hasMore ||= !part.is_over && part.to < part.end && !part.is_open;
  }

  private put(lines: readonly PartLine[]): void {
    let before: PartLine | undefined;
    for (const line of lines) {
      const number = line.number ?? 0;
      // A line whose beginning was printed before, and not ended, comes as two of one number.
      const whole: PartLine = before?.number === number ? { ...line, text: before.text + line.text } : line;
      this.use(blockOf(number)).lines.set(number, whole);
      before = whole;
    }
  }

  /** The block, which then is the one used last; a new one takes the place of the one that was not used for longest. */
  private use(place: number): Block {
    const block = this.blocks.get(place) ?? { lines: new Map(), askedTo: 0 };
    this.blocks.delete(place);
    this.blocks.set(place, block);
    const oldest = this.blocks.keys().next();
    if (this.blocks.size > MOST_BLOCKS && !oldest.done) this.blocks.delete(oldest.value);
    return block;
  }

  /** Whether all its lines are there that can be. */
  private isWhole(place: number): boolean {
    if (!this.blocks.has(place)) return false;
    const block = this.use(place);
    const last = Math.min(BLOCK, this.count - place * BLOCK);
    return block.lines.size >= last || block.askedTo >= place * BLOCK + last;
  }

  private async guard(work: () => Promise<void>): Promise<void> {
    const { signal } = this.quit;
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      this.error = error instanceof Error ? error : new Error(String(error));
      this.hasAnswered = true;
    }
    this.version += 1;
    for (const listener of this.listeners) listener();
  }
}

function blockOf(number: number): number {
  return Math.floor((number - 1) / BLOCK);
}
