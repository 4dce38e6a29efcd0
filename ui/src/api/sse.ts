/**
 * One server-sent event: `data` as it was parsed, `id` as it was sent with it, "" where none was. An id that was sent
 * alone, as the place where a stream begins, comes as an event without a name.
 */
export interface Message {
  event: string;
  data: unknown;
  id: string;
}

/** What a stream of server-sent events says, from its text as it comes: cut anywhere. */
export class SseParser {
  private rest = "";

  push(text: string): Message[] {
    const blocks = (this.rest + text).split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks.flatMap(parsed);
  }
}

function parsed(block: string): Message[] {
  let event = "message";
  let id = "";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const cut = line.indexOf(":");
    if (cut <= 0) continue; // a comment, as a ping is
    const value = line.slice(cut + 1).replace(/^ /, "");
    if (line.startsWith("event:")) event = value;
    else if (line.startsWith("id:")) id = value;
    else if (line.startsWith("data:")) data.push(value);
  }
  if (data.length > 0) return [{ event, data: JSON.parse(data.join("\n")), id }];
  return id ? [{ event: "", data: null, id }] : [];
}
