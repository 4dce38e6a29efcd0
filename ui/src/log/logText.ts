import { plain } from "./ansi";
import type { AskLog, LogQuery } from "./logPlace";

const AT_ONCE = 5000;
const LAST_BYTES = 64 << 20;

/** Lines of a log as text, without their colours. */
export async function textOf(ask: AskLog, first: number, last: number): Promise<string> {
  const texts: string[] = [];
  let query: LogQuery = { line: first };
  while (first + texts.length <= last) {
    const part = await ask({ ...query, count: Math.min(AT_ONCE, last - first - texts.length + 1), max: 1 << 20 });
    for (const line of part.lines) texts.push(plain(line.text));
    if (part.lines.length === 0 || part.to >= part.end) break;
    query = { from: part.to };
  }
  return texts.join("\n");
}

/** The number of the last line of a log that tells of an error: where a traceback begins, else that has the word. Only
 * its last 64 MiB are looked through. 0: there is none. */
export async function lastError(ask: AskLog, size: number): Promise<number> {
  for (const find of ["Traceback (most recent call last)", "error"]) {
    let last = 0;
    let query: LogQuery = size > LAST_BYTES ? { from: (await ask({ max: 1, count: 1 })).end - LAST_BYTES } : {};
    for (let isOver = false; !isOver; ) {
      const part = await ask({ ...query, find, limit: 500 });
      last = part.lines.at(-1)?.number ?? last;
      isOver = part.to >= part.end || part.lines.length === 0;
      query = { from: part.to };
    }
    if (last) return last;
  }
  return 0;
}
