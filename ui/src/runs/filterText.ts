/** A filter as text: which words it has, and the same with one more or fewer. What they mean is the server's. */

const PLAIN = /^[^\s()",:=<>!-][^\s()",:=<>!]*$/;
const PLAIN_VALUE = /^[^\s()",]+$/;

/** The words of a filter that stand beside one another; quotes and groups are held together. */
export function wordsOf(filter: string): string[] {
  const words: string[] = [];
  let word = "";
  let deep = 0;
  let isQuoted = false;
  for (let at = 0; at < filter.length; at++) {
    const letter = filter[at] ?? "";
    if (letter === "\\" && isQuoted) {
      word += letter + (filter[++at] ?? "");
      continue;
    }
    if (letter === '"') isQuoted = !isQuoted;
    if (!isQuoted && letter === "(") deep++;
    if (!isQuoted && letter === ")") deep--;
    if (/\s/.test(letter) && !isQuoted && deep <= 0) {
      if (word) words.push(word);
      word = "";
    } else {
      word += letter;
    }
  }
  return word ? [...words, word] : words;
}

/** `depth:4`, `name:"sgd slow"`: for those runs that have this value. */
export function termOf(name: string, value: unknown): string {
  const word = PLAIN.test(name) && !/^(or|and)$/i.test(name) ? name : quoted(name);
  if (value === null || typeof value === "boolean" || typeof value === "number") {
    return `${word}:${value === null ? "none" : String(value)}`;
  }
  const text = String(value);
  const isOther = /^(none|true|false)$/i.test(text) || !Number.isNaN(Number(text));
  return `${word}:${PLAIN_VALUE.test(text) && !isOther ? text : quoted(text)}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** With a word more; as it is where it has that word. A filter with `or` is held together first. */
export function withWord(filter: string, word: string): string {
  const words = wordsOf(filter);
  if (words.includes(word)) return filter;
  if (words.some((one) => /^or$/i.test(one))) return `(${filter.trim()}) ${word}`;
  return [...words, word].join(" ");
}

const STATUS = /^status[:=](.+)$/;

/** The statuses that a filter asks for by `status:...`; none: it asks for no status. */
export function statusesOf(filter: string): string[] {
  return wordsOf(filter).flatMap((word) => STATUS.exec(word)?.[1]?.split(",") ?? []);
}

/** What the filter says but for `status:...`. */
export function withoutStatuses(filter: string): string {
  return wordsOf(filter)
    .filter((word) => !STATUS.test(word))
    .join(" ");
}

/** With a status more, or without it where it has that one. */
export function withStatusTurned(filter: string, status: string): string {
  const now = statusesOf(filter);
  const next = now.includes(status) ? now.filter((one) => one !== status) : [...now, status];
  const rest = withoutStatuses(filter);
  return next.length > 0 ? withWord(rest, `status:${next.join(",")}`) : rest;
}
