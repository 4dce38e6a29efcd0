import type { AskLog, LogPart, PartLine } from "./logPlace";

/** For tests: a log that answers as the server does. Each line stands in as many bytes as it has letters, and one. */
export class FakeLog {
  lines: string[];
  asked: string[] = [];
  isOver = true;
  isCounted = true;

  constructor(lines: string[]) {
    this.lines = lines;
  }

  readonly ask: AskLog = async (query) => {
    this.asked.push(
      Object.entries(query)
        .map(([name, value]) => `${name}=${value}`)
        .join(" "),
    );
    const { from, line, find, level, count = 1000, max = 1 << 16, limit = 200 } = query;
    const all = this.all();
    const end = all.at(-1)?.end ?? 0;
    let first = Math.max(0, all.length - count);
    if (line !== undefined) first = Math.min(line - 1, all.length);
    else if (from !== undefined) first = all.findIndex((one) => one.offset >= from);
    if (first < 0) first = all.length;
    if (level) return this.part([], end, end); // nobody has named one
    if (find) {
      const hits = all.filter((one, place) => place >= (from === undefined ? 0 : first) && one.text.includes(find));
      const shown = hits.slice(0, limit);
      return this.part(shown, shown.length < hits.length ? (shown.at(-1)?.end ?? 0) : end, end);
    }
    let shown = all.slice(first, first + count);
    const begin = shown[0]?.offset ?? end;
    shown = shown.filter((one) => from === undefined || one.offset - begin < max);
    return this.part(shown, shown.at(-1)?.end ?? end, end);
  };

  private all(): (PartLine & { end: number })[] {
    let at = 0;
    return this.lines.map((text, place) => {
      const offset = at;
      at += text.length + 1;
      const number = this.isCounted ? place + 1 : null;
      return { offset, number, at: null, level: "", stream: "stdout", text, cut: 0, rest: null, end: at };
    });
  }

  private part(lines: PartLine[], to: number, end: number): LogPart {
    return {
      file: "w.log",
      begin: 0,
      end,
      from: lines[0]?.offset ?? to,
      to,
      lines,
      is_over: this.isOver,
      is_open: false,
    };
  }
}

/** Until something holds. */
export async function settled(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !holds(); turn++) await Promise.resolve();
}
