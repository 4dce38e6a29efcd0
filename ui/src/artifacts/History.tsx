import type { Value } from "@/values/place";

export function History(_: { task: string; value: Value }) {
  return null;
}
