import { useCallback } from "react";
import { navigate, useLocationProperty } from "wouter/use-browser-location";
import { readable } from "@/api/names";

type SetParam = (next: string, options?: { replace?: boolean }) => void;

/**
 * What `name` says in the address, and a function that changes it. The fallback never stands in the address.
 * Several changes in one event are each made to what the one before has left.
 */
export function useParam(name: string, fallback: string): [string, SetParam] {
  const value = useLocationProperty(() => new URLSearchParams(location.search).get(name)) ?? fallback;
  const set = useCallback<SetParam>(
    (next, { replace = false } = {}) => setParams({ [name]: next === fallback ? null : next }, { replace }),
    [name, fallback],
  );
  return [value, set];
}

/** Changes several at once, as one step back. `null` takes a name out. */
export function setParams(changes: Record<string, string | null>, { replace = false } = {}): void {
  const words = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) words.delete(name);
    else words.set(name, value);
  }
  const text = readable(words);
  const search = text && `?${text}`;
  if (search !== location.search) navigate(location.pathname + search + location.hash, { replace });
}
