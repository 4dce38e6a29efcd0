/** Nested data as a tree that is drawn no further than it is open, whether JSON or a preview says it. */

export type TreeNode =
  | { kind: "leaf"; text: string; word: "string" | "number" | "keyword" | "plain" }
  | { kind: "branch"; name: string; brackets: readonly [string, string]; size: number; children: () => TreeItem[] };

export interface TreeItem {
  /** Of a mapping; "": it stands in a list. */
  name: string;
  /** How the name is written: of Python's, with its quotes. */
  node: TreeNode;
}

const MOST_TEXT = 2_000;

/** A value of JSON. */
export function jsonTree(value: unknown): TreeNode {
  if (Array.isArray(value)) {
    const children = () => value.map((item: unknown) => ({ name: "", node: jsonTree(item) }));
    return { kind: "branch", name: "", brackets: ["[", "]"], size: value.length, children };
  }
  if (typeof value === "object" && value !== null) {
    const pairs = Object.entries(value);
    const children = () => pairs.map(([name, item]) => ({ name, node: jsonTree(item) }));
    return { kind: "branch", name: "", brackets: ["{", "}"], size: pairs.length, children };
  }
  if (typeof value === "string") {
    const text = value.length > MOST_TEXT ? `${value.slice(0, MOST_TEXT)}…` : value;
    return { kind: "leaf", text: JSON.stringify(text), word: "string" };
  }
  return { kind: "leaf", text: String(value), word: typeof value === "number" ? "number" : "keyword" };
}
