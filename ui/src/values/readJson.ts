/** Reads JSON; where it is long, in a worker, so that the page goes on meanwhile. */

const LONG = 200_000;

export async function readJson(text: string): Promise<unknown> {
  if (text.length < LONG) return JSON.parse(text);
  const worker = new Worker(new URL("./json.worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<{ value: unknown; error: string }>) =>
        data.error ? reject(new SyntaxError(data.error)) : resolve(data.value);
      worker.onerror = () => reject(new Error("the worker that reads JSON did not start"));
      worker.postMessage(text);
    });
  } finally {
    worker.terminate();
  }
}
