import { ApiError } from "./ask";
import { type Message, SseParser } from "./sse";

/** `lost`: it is tried again. `gone`: nothing has answered for a while. `refused`: the token is not the server's. */
export type LiveState = "connecting" | "live" | "lost" | "gone" | "refused";

export interface Asking {
  topics: string[];
  /** Nodes of graphs that are unfolded. */
  folds: string[];
  /** A position; "": from now on. */
  since: string;
}

interface StreamOptions {
  /** What `/events` answers. */
  open: (asking: Asking, signal: AbortSignal) => Promise<Response>;
  /** What is told, and up to where the journal is known with it. */
  tell: (messages: Message[], position: string) => void;
  /** `at`: when it last heard from the server, in milliseconds. */
  onState: (state: LiveState, at: number) => void;
  random?: () => number;
}

const QUIET_MS = 40_000; // the server says something each 15 s
const GONE_AFTER = 3; // tries
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** A stream of events that is opened again where it breaks, and goes on at the place where it broke. */
export class EventStream {
  private asking: Asking = { topics: [], folds: [], since: "" };
  private stopped = new AbortController();
  private failures = 0;
  private heardAt = Date.now();
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: StreamOptions) {}

  get position(): string {
    return this.asking.since;
  }

  /** Listens to these from now on, and to nothing else. */
  ask(asking: Asking): void {
    this.asking = { ...asking };
    this.again();
  }

  /** Opens it now, however long it would have waited. */
  again(): void {
    this.end();
    if (this.asking.topics.length > 0) void this.run(this.stopped.signal);
  }

  end(): void {
    clearTimeout(this.retry);
    this.stopped.abort();
    this.stopped = new AbortController();
  }

  private async run(signal: AbortSignal): Promise<void> {
    try {
      await this.read(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status === 401) return this.enter("refused");
      if (error instanceof ApiError && this.drop(error)) return this.again();
    }
    if (signal.aborted) return;
    this.failures += 1;
    this.enter(this.failures >= GONE_AFTER ? "gone" : "lost");
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (this.failures - 1), LONGEST_WAIT_MS);
    // Not all at once, where many pages have lost one server.
    this.retry = setTimeout(() => this.again(), wait * (0.75 + 0.5 * (this.options.random ?? Math.random)()));
  }

  private async read(signal: AbortSignal): Promise<void> {
    const quiet = new AbortController();
    const response = await this.options.open(this.asking, AbortSignal.any([signal, quiet.signal]));
    const reader = response.body?.getReader();
    if (!reader || signal.aborted) return;
    // What happened while it was lost can't be told to who has no position yet.
    if (this.failures > 0 && this.asking.since === "") this.reset(this.asking.topics);
    this.failures = 0;
    this.heardAt = Date.now();
    this.enter("live");
    const [parser, decoder] = [new SseParser(), new TextDecoder()];
    for (;;) {
      // A machine that slept has lost its connection without being told so.
      const timer = setTimeout(() => quiet.abort(), QUIET_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done || signal.aborted) return;
      this.heardAt = Date.now();
      const messages = parser.push(decoder.decode(value, { stream: true }));
      for (const { id } of messages) if (id) this.asking.since = id;
      const told = messages.filter(({ event }) => event);
      if (messages.length > 0) this.options.tell(told, this.asking.since);
    }
  }

  /** Leaves out what is refused: a run that is gone, a position in another journal. False where it is neither. */
  private drop(error: ApiError): boolean {
    if (error.field === "since" && this.asking.since) {
      this.asking.since = "";
      this.reset(this.asking.topics);
      return true;
    }
    const words = error.message.split(/[\s;,`]+/);
    const isGone = (topic: string) => error.status === 404 && words.includes(runOf(topic));
    const gone = this.asking.topics.filter(isGone);
    this.asking.topics = this.asking.topics.filter((topic) => !isGone(topic));
    this.reset(gone);
    return gone.length > 0;
  }

  private enter(state: LiveState): void {
    this.options.onState(state, this.heardAt);
  }

  private reset(topics: string[]): void {
    const messages = topics.map((topic) => ({ event: "reset", data: { topic }, id: "" }));
    if (messages.length > 0) this.options.tell(messages, this.asking.since);
  }
}

/** `digits/3` of `task:digits/3/train/2`. */
function runOf(topic: string): string {
  return topic
    .slice(topic.indexOf(":") + 1)
    .split("/")
    .slice(0, 2)
    .join("/");
}
