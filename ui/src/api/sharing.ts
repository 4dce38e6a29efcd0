import { type Asking, EventStream, type LiveState } from "./eventStream";
import { earliest, reaches } from "./positions";
import type { Message } from "./sse";

/** What one tab listens to, and from where on. */
export type Want = Asking;

type Said =
  | { kind: "want"; tab: string; want: Want }
  | { kind: "lead" } // a new leader asks what is wanted
  | { kind: "told"; messages: Message[]; position: string }
  | { kind: "state"; state: LiveState; at: number };

/** What tabs use of a BroadcastChannel. */
export interface Channel {
  postMessage(said: Said): void;
  onmessage: ((event: MessageEvent<Said>) => void) | null;
  close(): void;
}

interface SharingOptions {
  tab: string;
  open: (asking: Asking, signal: AbortSignal) => Promise<Response>;
  tell: (messages: Message[], position: string) => void;
  onState: (state: LiveState, at: number) => void;
  channel: () => Channel;
  /** Holds what `name` names while the promise that `hold` gives is pending; undefined where a browser has no locks. */
  lock: ((name: string, signal: AbortSignal, hold: () => Promise<void>) => Promise<void>) | undefined;
}

/**
 * One stream for all tabs that are looked at: a browser keeps six connections to a server, all tabs together. The tab
 * that holds the lock leads: it reads the stream and tells the others. A tab that is hidden takes no part.
 */
export class SharedStream {
  private channel: Channel | null = null;
  private left = new AbortController();
  private want: Want = { topics: [], folds: [], since: "" };
  private others = new Map<string, Want>(); // what other tabs want, for who leads
  private stream: EventStream | null = null;
  private asked = "";
  private state: LiveState = "connecting";
  private at = Date.now();

  constructor(private readonly options: SharingOptions) {}

  /** Takes part, from the position of `want` on. */
  join(want: Want): void {
    this.leave();
    this.want = { ...want };
    this.enter("connecting", this.at);
    const { lock, channel, tab } = this.options;
    if (!lock) {
      this.lead();
      return;
    }
    const left = new AbortController();
    this.left = left;
    this.channel = channel();
    this.channel.onmessage = ({ data }) => this.hear(data);
    // The others learn of this tab once its own lock is held: when that is free again, the tab has gone.
    this.hold(`penstock-tab-${tab}`, left.signal, () => this.sayWant());
    this.hold("penstock-events", left.signal, () => this.lead());
  }

  /** Listens to something else as well, or no longer. */
  change(want: Want): void {
    this.want = { ...want };
    if (this.stream) this.askForAll(want.since);
    else this.sayWant();
  }

  again(): void {
    this.stream?.again();
  }

  leave(): void {
    this.left.abort();
    this.stream?.end();
    this.stream = null;
    this.others.clear();
    this.channel?.close();
    this.channel = null;
  }

  private hold(name: string, left: AbortSignal, then: () => void): void {
    const held = this.options.lock?.(name, left, async () => {
      if (left.aborted) return;
      then();
      await new Promise<void>((resolve) => left.addEventListener("abort", () => resolve()));
    });
    held?.catch(() => {}); // it was left before it was held
  }

  private lead(): void {
    this.asked = "";
    this.stream = new EventStream({
      open: this.options.open,
      tell: (messages, position) => {
        this.channel?.postMessage({ kind: "told", messages, position });
        this.tell(messages, position);
      },
      onState: (state, at) => {
        this.channel?.postMessage({ kind: "state", state, at });
        this.enter(state, at);
      },
    });
    this.channel?.postMessage({ kind: "lead" });
    this.askForAll(this.want.since);
  }

  /** Opens the stream anew where somebody wants something else, or from an earlier position. */
  private askForAll(since: string): void {
    if (!this.stream) return;
    const all = [this.want, ...this.others.values()];
    const topics = [...new Set(all.flatMap((want) => want.topics))].sort();
    const folds = [...new Set(all.flatMap((want) => want.folds))].sort();
    const asked = JSON.stringify([topics, folds]);
    if (asked === this.asked && reaches(since, this.stream.position)) return;
    this.asked = asked;
    this.stream.ask({ topics, folds, since: earliest([this.stream.position, since]) });
  }

  private hear(said: Said): void {
    if (this.stream) {
      if (said.kind === "want") this.hearWant(said.tab, said.want);
    } else if (said.kind === "told") this.tell(said.messages, said.position);
    else if (said.kind === "state") this.enter(said.state, said.at);
    else if (said.kind === "lead") this.sayWant();
  }

  private hearWant(tab: string, want: Want): void {
    const isNew = !this.others.has(tab);
    this.others.set(tab, want);
    this.channel?.postMessage({ kind: "state", state: this.state, at: this.at });
    this.askForAll(want.since);
    if (!isNew) return;
    const gone = this.options.lock?.(`penstock-tab-${tab}`, this.left.signal, async () => {
      this.others.delete(tab);
      this.askForAll(this.stream?.position ?? "");
    });
    gone?.catch(() => {}); // this tab has gone before it
  }

  private tell(messages: Message[], position: string): void {
    this.want.since = position;
    this.options.tell(messages, position);
  }

  private enter(state: LiveState, at: number): void {
    this.state = state;
    this.at = at;
    this.options.onState(state, at);
  }

  private sayWant(): void {
    this.channel?.postMessage({ kind: "want", tab: this.options.tab, want: this.want });
  }
}
