import { setParams } from "@/app/useParam";
import type { Span } from "@/draw/scales";

/** `12.5-80`, of seconds, as a span; null: it is none. */
export function spanOf(text: string): Span | null {
  const [from, to, more] = text.split("-").map((part) => (part === "" ? Number.NaN : Number(part)));
  if (from === undefined || to === undefined || more !== undefined || !(from < to)) return null;
  return [Math.max(0, from), to];
}

/** Seconds as an address has them: to the millisecond, rounded outwards. */
export function textOf(seconds: number | undefined): string | null {
  return seconds === undefined ? null : String(Number(seconds.toFixed(3)));
}

/** Which seconds of a timeline are shown; null: all. */
export function setSpan(span: Span | null): void {
  setParams({ from: textOf(span?.[0]), to: textOf(span?.[1]) }, { replace: true });
}
