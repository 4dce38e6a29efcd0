import { useAsk } from "@/api/useAsk";

export interface Startable {
  flow: string;
  target: string;
}

/** The flows that the project's files have, which can be started. */
export function useStartable(): Startable[] {
  const { data } = useAsk("/flows");
  return (data?.rows ?? []).filter(({ target }) => target).map(({ name, target }) => ({ flow: name, target }));
}
