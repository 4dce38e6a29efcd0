/** Durations and moments as they are read. */

/** `0.8 s`, `41 s`, `6m 12s`, `3h 05m`, `2d 04h`: seconds as they were measured. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 0) return "0 s";
  if (seconds < 0.0095) return `${(seconds * 1000).toFixed(seconds < 0.001 ? 1 : 0)} ms`;
  if (seconds < 0.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${two(s % 60)}s`;
  if (s < 86_400) return `${Math.floor(s / 3600)}h ${two(Math.floor((s % 3600) / 60))}m`;
  return `${Math.floor(s / 86_400)}d ${two(Math.floor((s % 86_400) / 3600))}h`;
}

/** `6m 12s` of what still runs: whole seconds, so that it ticks evenly. */
export function elapsed(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  return s < 60 ? `${s} s` : duration(s);
}

/** `just now`, `3 min ago`, `2 h ago`, `yesterday`, `4 days ago`, then the day itself. */
export function ago(at: string | number | Date | null | undefined, now: Date = new Date()): string {
  if (!at) return "–";
  const then = new Date(at);
  const s = (now.getTime() - then.getTime()) / 1000;
  if (s < 45) return "just now";
  if (s < 3570) return `${Math.max(1, Math.round(s / 60))} min ago`;
  if (s < 86_400) return `${Math.round(s / 3600)} h ago`;
  const days = Math.floor(s / 86_400);
  if (days < 2) return "yesterday";
  if (days < 14) return `${days} days ago`;
  return day(then, now);
}

/** `14:03:20`, in the reader's time zone. */
export function clock(at: string | number | Date, { millis = false } = {}): string {
  const time = new Date(at);
  const text = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return millis ? `${text}.${String(time.getMilliseconds()).padStart(3, "0")}` : text;
}

/** `3 Mar`, with the year where it is not this one. */
export function day(at: string | number | Date, now: Date = new Date()): string {
  const date = new Date(at);
  const year = date.getFullYear() === now.getFullYear() ? "" : ` ${date.getFullYear()}`;
  return `${date.getDate()} ${MONTHS[date.getMonth()]}${year}`;
}

/** `3 Mar 2026, 14:03:20`: the whole, for a title. */
export function moment(at: string | number | Date): string {
  const date = new Date(at);
  return `${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()}, ${clock(date)}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function two(n: number): string {
  return String(n).padStart(2, "0");
}
