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

/** What tells of an error, the surest first. */
const ERRORS: LogQuery[][] = [[{ find: "Traceback (most recent call last)" }, { level: "error" }], [{ find: "error" }]];

/** The number of the last line of a log that tells of an error: where a traceback begins, or that was logged as one,
 * else that has the word. Only its last 64 MiB are looked through. 0: there is none. */
export async function lastError(ask: AskLog, size: number): Promise<number> {
  const from: LogQuery = size > LAST_BYTES ? { from: (await ask({ max: 1, count: 1 })).end - LAST_BYTES } : {};
  for (const queries of ERRORS) {
    const found = await Promise.all(queries.map((query) => lastOf(ask, { ...from, ...query, limit: 500 })));
    const last = Math.max(...found);
    if (last) return last;
  }
  return 0;
}

async function lastOf(ask: AskLog, query: LogQuery): Promise<number> {
  let last = 0;
  for (let next = query; ; ) {
    const part = await ask(next);
    last = part.lines.at(-1)?.number ?? last;
    if (part.to >= part.end || part.lines.length === 0) return last;
    next = { ...query, from: part.to };
  }
}
