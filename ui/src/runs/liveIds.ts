/** When a table that is looked at takes over a newer index. Pure. */

export interface Reader {
  isAtTop: boolean;
  /** Milliseconds since the pointer or a key was moved last. */
  idleMs: number;
}

const CALM_MS = 5_000;

/** How many ids of `latest` are not in `shown`. */
export function freshIn(shown: readonly number[], latest: readonly number[]): number {
  const known = new Set(shown);
  return latest.reduce((sum, id) => (known.has(id) ? sum : sum + 1), 0);
}

export function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, at) => id === b[at]);
}

/**
 * Whether the newer index is shown now. New runs go to the top only where the reader is there; where rows are sorted by
 * what changes, they stay where they are until the reader has looked long enough.
 */
export function isTaken(sort: string, reader: Reader): boolean {
  return sort === "" ? reader.isAtTop : reader.isAtTop && reader.idleMs >= CALM_MS;
}
