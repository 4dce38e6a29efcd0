/** Runs with their forks below them, as a tree. Pure. */

interface ForkTree {
  ids: number[];
  /** How deep a run stands; 0 are left out. */
  depths: ReadonlyMap<number, number>;
}

/** `pairs`: a fork, and what it was made from. A fork whose origin is not among `ids` stands where it stood. */
export function forkTree(ids: readonly number[], pairs: Iterable<readonly number[]>): ForkTree {
  const there = new Set(ids);
  const origins = new Map<number, number>();
  for (const [fork, origin] of pairs) {
    if (fork !== undefined && origin !== undefined && there.has(fork) && there.has(origin)) origins.set(fork, origin);
  }
  const forks = new Map<number, number[]>();
  for (const id of ids) {
    const origin = origins.get(id);
    if (origin !== undefined) forks.set(origin, [...(forks.get(origin) ?? []), id]);
  }
  const found: number[] = [];
  const depths = new Map<number, number>();
  const stack = ids
    .filter((id) => !origins.has(id))
    .map((id) => ({ id, depth: 0 }))
    .reverse();
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { id, depth } = next;
    found.push(id);
    if (depth > 0) depths.set(id, depth);
    for (const fork of (forks.get(id) ?? []).toReversed()) stack.push({ id: fork, depth: depth + 1 });
  }
  return { ids: found, depths };
}
