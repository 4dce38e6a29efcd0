import type { RunRef } from "@/api/names";
import type { Span } from "@/draw/scales";
import { duration } from "@/words/times";

/** What was dragged over. */
export function PickedSpan({ picked }: { run: RunRef; picked: Span | null }) {
  if (picked === null) return null;
  return <p>{duration(picked[1] - picked[0])} chosen</p>;
}
