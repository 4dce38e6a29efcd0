/** Has layouts made: small ones at once, others in a worker, so that the page stays free. */

import { layout } from "./layout";
import type { Layout, LayoutQuestion, Memory } from "./layoutTypes";

/** With so many nodes it takes a few milliseconds, less than a worker takes to begin. */
const AT_ONCE = 80;

/**
 * The layouts of one graph as it grows. While one is made, of all that is asked the last waits: it knows the most. Each
 * layout keeps the order of the one before.
 */
export class Layouts {
  private worker: Worker | null = null;
  private waiting: LayoutQuestion | null = null;
  private isBusy = false;
  private before: Memory | undefined;

  constructor(
    private readonly tell: (layout: Layout) => void,
    private readonly begin: () => Worker = beginWorker,
  ) {}

  ask(question: LayoutQuestion): void {
    this.waiting = question;
    this.send();
  }

  /** What was asked so far is stale: it is told no more, and the next layout is made anew. */
  forget(): void {
    this.worker?.terminate();
    this.worker = null;
    this.waiting = null;
    this.isBusy = false;
    this.before = undefined;
  }

  private send(): void {
    if (this.isBusy || this.waiting === null) return;
    const question = this.before ? { ...this.waiting, before: this.before } : this.waiting;
    this.waiting = null;
    if (question.nodes.length <= AT_ONCE) {
      this.answer(layout(question));
      return;
    }
    if (this.worker === null) {
      this.worker = this.begin();
      this.worker.onmessage = ({ data }: MessageEvent<Layout>) => {
        this.isBusy = false;
        this.answer(data);
        this.send();
      };
    }
    this.isBusy = true;
    this.worker.postMessage(question);
  }

  private answer(made: Layout): void {
    this.before = made.memory;
    this.tell(made);
  }
}

function beginWorker(): Worker {
  return new Worker(new URL("./layoutWorker.ts", import.meta.url), { type: "module" });
}
