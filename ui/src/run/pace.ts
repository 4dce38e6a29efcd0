/** How long what is left will take, by how many tasks settled while the page looked on. */

const WINDOW_S = 60;
const LEAST_S = 5;
const LEAST_TASKS = 3;

interface Seen {
  at: number;
  settled: number;
}

export class Pace {
  private readonly seen: Seen[] = [];

  /** So many tasks have settled by now (seconds on any clock). */
  note(settled: number, at: number): void {
    const last = this.seen.at(-1);
    if (last?.settled === settled) return;
    if (last && settled < last.settled) this.seen.length = 0; // resumed: another count begins
    this.seen.push({ at, settled });
    while (this.seen.length > 2 && (this.seen[1]?.at ?? at) < at - WINDOW_S) this.seen.shift();
  }

  /** Seconds until `remaining` more have settled; null: too little was seen to tell. */
  left(remaining: number, at: number): number | null {
    const [first, last] = [this.seen[0], this.seen.at(-1)];
    if (first === undefined || last === undefined || remaining === 0) return null;
    const [took, tasks] = [at - first.at, last.settled - first.settled];
    return took < LEAST_S || tasks < LEAST_TASKS ? null : (remaining * took) / tasks;
  }
}

/** `40 s`, `2 min`, `3 h`: no more exact than it is known. */
export function roughly(seconds: number): string {
  if (seconds < 55) return `${Math.max(5, Math.round(seconds / 5) * 5)} s`;
  if (seconds < 55 * 60) return `${Math.round(seconds / 60)} min`;
  return seconds < 47 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
