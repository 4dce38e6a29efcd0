import { vi } from "vitest";
import type { Asking } from "./eventStream";

/** A server of events for tests: says what a test has it say, to the stream that was opened last. */
export class FakeServer {
  readonly asked: Asking[] = [];
  private streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  private failure: Error | null = null;
  private failures = 0;

  /** How many streams are open. */
  get openStreams(): number {
    return this.streams.length;
  }

  /** Refuses with this from now on, or so many times; null: answers. */
  fail(failure: Error | null, times = Number.POSITIVE_INFINITY): void {
    this.failure = failure;
    this.failures = times;
  }

  open = async (asking: Asking, signal: AbortSignal): Promise<Response> => {
    this.asked.push({ ...asking });
    if (this.failure && this.failures > 0) {
      this.failures -= 1;
      throw this.failure;
    }
    return new Response(
      new ReadableStream({
        start: (stream) => {
          this.streams.push(stream);
          signal.addEventListener("abort", () => {
            this.streams = this.streams.filter((one) => one !== stream);
            stream.error(new DOMException("aborted", "AbortError"));
          });
        },
      }),
    );
  };

  async say(event: string, data: unknown, id = ""): Promise<void> {
    await this.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n${id && `id: ${id}\n`}\n`);
  }

  /** What a stream begins with: from where it tells. */
  async begin(id: string): Promise<void> {
    await this.write(`retry: 1000\nid: ${id}\n\n`);
  }

  async ping(): Promise<void> {
    await this.write(": ping\n\n");
  }

  async breakOff(): Promise<void> {
    this.streams.pop()?.error(new TypeError("network error"));
    await this.settle();
  }

  async settle(): Promise<void> {
    await vi.advanceTimersByTimeAsync(0);
  }

  private async write(text: string): Promise<void> {
    this.streams.at(-1)?.enqueue(new TextEncoder().encode(text));
    await this.settle();
  }
}
