/** Two versions of a text as rows of one: what is the same, what went, what came, and which words of it. */

import { diffArrays } from "diff";
import { type CodeLine, textOf } from "./codeText";

/** From and to, in characters of a line. */
type Range = readonly [number, number];

export interface DiffRow {
  kind: "same" | "removed" | "added";
  /** Line numbers, from 1; 0: it has none there. */
  before: number;
  after: number;
  line: CodeLine;
  /** What of it is another. None: all of it, or nothing. */
  words: readonly Range[];
}

export interface DiffPart {
  /** Rows that stand; of what is folded those that would. */
  rows: readonly DiffRow[];
  isFolded: boolean;
}

const AROUND = 3;
const LEAST_FOLD = 4;
const MOST_ROWS = 20_000; // beyond that, two texts are told to be all different: the search is quadratic

/** `first`: the numbers of the first lines of either. */
export function diffRows(
  before: readonly CodeLine[],
  after: readonly CodeLine[],
  first: readonly [number, number] = [1, 1],
): DiffRow[] {
  const [old, now] = [before.map(textOf), after.map(textOf)];
  if (old.length + now.length > MOST_ROWS) return [...gone(before, first[0]), ...come(after, first[1])];
  const rows: DiffRow[] = [];
  let [one, two] = [0, 0];
  for (const part of diffArrays(old, now)) {
    const size = part.value.length;
    if (part.removed) rows.push(...gone(before.slice(one, one + size), one + first[0]));
    else if (part.added) rows.push(...come(after.slice(two, two + size), two + first[1]));
    else {
      for (let at = 0; at < size; at++) {
        const line = after[two + at] ?? [];
        rows.push({ kind: "same", before: one + at + first[0], after: two + at + first[1], line, words: [] });
      }
    }
    if (!part.added) one += size;
    if (!part.removed) two += size;
  }
  return withWords(rows);
}

/** Rows that are the same, and far from all others, are folded. */
export function diffParts(rows: readonly DiffRow[]): DiffPart[] {
  const parts: DiffPart[] = [];
  const isNear = nearChanges(rows);
  let from = 0;
  while (from < rows.length) {
    let to = from;
    while (to < rows.length && isNear[to] === isNear[from]) to += 1;
    const isFolded = !isNear[from] && to - from >= LEAST_FOLD;
    parts.push({ rows: rows.slice(from, to), isFolded });
    from = to;
  }
  return parts;
}

/** A line in pieces, each with its word's class and whether it is one of those that are another. */
export function piecesOf(line: CodeLine, words: readonly Range[]): { word: string; text: string; isOther: boolean }[] {
  const pieces: { word: string; text: string; isOther: boolean }[] = [];
  let at = 0;
  for (const [word = "", text = ""] of line) {
    let rest = text;
    while (rest) {
      const range = words.find(([from, to]) => from <= at && at < to);
      const next = range ? range[1] : (words.find(([from]) => from > at)?.[0] ?? Number.POSITIVE_INFINITY);
      const piece = rest.slice(0, next - at);
      pieces.push({ word, text: piece, isOther: range !== undefined });
      rest = rest.slice(piece.length);
      at += piece.length;
    }
  }
  return pieces;
}

function gone(lines: readonly CodeLine[], from: number): DiffRow[] {
  return lines.map((line, at) => ({ kind: "removed", before: from + at, after: 0, line, words: [] }));
}

function come(lines: readonly CodeLine[], from: number): DiffRow[] {
  return lines.map((line, at) => ({ kind: "added", before: 0, after: from + at, line, words: [] }));
}

/** Where as many lines went as came, the words in which each pair differs. */
function withWords(rows: DiffRow[]): DiffRow[] {
  let at = 0;
  while (at < rows.length) {
    const removed = countFrom(rows, at, "removed");
    const added = countFrom(rows, at + removed, "added");
    if (removed > 0 && removed === added) {
      for (let pair = at; pair < at + removed; pair++) markWords(rows, pair, pair + removed);
    }
    at += Math.max(1, removed + added);
  }
  return rows;
}

function countFrom(rows: readonly DiffRow[], at: number, kind: DiffRow["kind"]): number {
  let size = 0;
  while (rows[at + size]?.kind === kind) size += 1;
  return size;
}

function markWords(rows: DiffRow[], old: number, now: number): void {
  const [one, two] = [rows[old], rows[now]];
  if (one === undefined || two === undefined) return;
  const [went, came]: [Range[], Range[]] = [[], []];
  let [left, right, same] = [0, 0, 0];
  for (const { value: words, added, removed } of diffArrays(wordsOf(one.line), wordsOf(two.line))) {
    const value = words.join("");
    if (removed) went.push([left, left + value.length]);
    else if (added) came.push([right, right + value.length]);
    else same += value.trim().length;
    if (!added) left += value.length;
    if (!removed) right += value.length;
  }
  if (same * 3 < Math.max(left, right)) return; // another line altogether
  rows[old] = { ...one, words: went };
  rows[now] = { ...two, words: came };
}

/** Names and numbers whole, all else by signs. */
function wordsOf(line: CodeLine): string[] {
  return textOf(line).match(/[\p{L}\p{N}_.]+|\s+|./gsu) ?? [];
}

function nearChanges(rows: readonly DiffRow[]): boolean[] {
  const near = new Array<boolean>(rows.length).fill(false);
  for (const [at, row] of rows.entries()) {
    if (row.kind === "same") continue;
    near.fill(true, Math.max(0, at - AROUND), at + AROUND + 1);
  }
  return near;
}
