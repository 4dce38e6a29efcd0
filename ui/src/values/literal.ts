/** Reads what a preview says of a container, as Python would write it: `{'a': [1, 2, …], 'model': Ridge(alpha=1.0)}`. */

import type { TreeItem, TreeNode } from "./tree";

const CLOSING: Record<string, string> = { "[": "]", "(": ")", "{": "}" };

/** The tree of a text; null where it is no container, or was cut within a bracket beyond mending. */
export function literalTree(text: string): TreeNode | null {
  const reader = new Reader(text);
  const node = reader.value();
  return reader.atEnd() && node.kind === "branch" ? node : null;
}

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** One value, up to a comma, a colon or a bracket that it does not open. */
  value(): TreeNode {
    const start = this.at;
    while (!this.atEnd()) {
      const sign = this.peek();
      if (sign === "'" || sign === '"') this.string(sign);
      else if (sign === "<") this.angle();
      else if (sign in CLOSING) return this.branch(start, sign);
      else if (",:=])}".includes(sign)) break;
      else this.at += 1;
    }
    return leaf(this.text.slice(start, this.at).trim());
  }

  private branch(start: number, open: string): TreeNode {
    const name = this.text.slice(start, this.at).trim();
    const close = CLOSING[open] ?? "";
    const items: TreeItem[] = [];
    this.at += 1;
    while (!this.atEnd() && this.peek() !== close) {
      const before = this.at;
      items.push(this.item());
      this.skip();
      if (this.peek() === ",") this.at += 1;
      this.skip();
      if (this.at === before) this.at += 1; // a sign that belongs nowhere
    }
    this.at += 1;
    const after = this.at;
    this.skip();
    if (this.at === after && !this.atEnd() && !",:=])}".includes(this.peek())) return this.run(start);
    return { kind: "branch", name, brackets: [open, close], size: items.length, children: () => items };
  }

  private item(): TreeItem {
    this.skip();
    const first = this.value();
    this.skip();
    const sign = this.peek();
    if ((sign !== ":" && sign !== "=") || first.kind !== "leaf") return { name: "", node: first };
    this.at += 1;
    this.skip();
    return { name: unquoted(first.text), node: this.value() };
  }

  /** "f(1).g": more than brackets. */
  private run(start: number): TreeNode {
    while (!this.atEnd() && !",])}".includes(this.peek())) this.at += 1;
    return leaf(this.text.slice(start, this.at).trim());
  }

  private string(quote: string): void {
    this.at += 1;
    while (!this.atEnd() && this.peek() !== quote) this.at += this.peek() === "\\" ? 2 : 1;
    this.at += 1;
  }

  /** "<float64 (1, 30): 0.1, 0.2>". */
  private angle(): void {
    let deep = 0;
    do {
      if (this.peek() === "<") deep += 1;
      if (this.peek() === ">") deep -= 1;
      this.at += 1;
    } while (deep > 0 && !this.atEnd());
  }

  private skip(): void {
    while (this.peek() === " " || this.peek() === "\n") this.at += 1;
  }

  private peek(): string {
    return this.text[this.at] ?? "";
  }
}

function leaf(text: string): TreeNode {
  if (/^[bruf]*['"]/i.test(text)) return { kind: "leaf", text, word: "string" };
  if (/^[-+]?(\d|\.\d|inf$|nan$)/.test(text)) return { kind: "leaf", text, word: "number" };
  return { kind: "leaf", text, word: /^(None|True|False)$/.test(text) ? "keyword" : "plain" };
}

function unquoted(text: string): string {
  return /^(['"]).*\1$/s.test(text) ? text.slice(1, -1) : text;
}
