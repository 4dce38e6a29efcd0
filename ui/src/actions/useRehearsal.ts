import { useEffect, useRef, useState } from "react";
import { ApiError } from "@/api/ask";
import { follow, isOver, lastWords } from "./follow";
import { forecastLines } from "./forecast";
import type { Order } from "./orders";

/** An order, and what it is about: a run's name. */
export interface NamedOrder {
  name: string;
  order: Order;
}

export interface Rehearsal {
  /** What each would do, in a sentence, and the lines that do the same; in the order of what was asked. */
  effects: string[];
  commands: string[];
  /** What a dry run has foretold. */
  forecast: string[];
  /** Why it can't be done, by what it is about. */
  refused: Record<string, string>;
  isAsking: boolean;
}

const NOTHING: Rehearsal = { effects: [], commands: [], forecast: [], refused: {}, isAsking: true };
const SETTLE_MS = 500; // after the last change of a form: a dry run is a process

/** What the orders would do. They are asked anew when `about` changes. */
export function useRehearsal(orders: NamedOrder[], about: string): Rehearsal {
  const [found, setFound] = useState(NOTHING);
  const latest = useRef(orders);
  const isFirst = useRef(true);
  useEffect(() => {
    latest.current = orders;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `about` says when the orders are others
  useEffect(() => {
    const stop = new AbortController();
    const tell = (next: Rehearsal) => !stop.signal.aborted && setFound(next);
    setFound((before) => ({ ...before, isAsking: true }));
    const timer = setTimeout(() => void rehearse(latest.current, stop.signal, tell), isFirst.current ? 0 : SETTLE_MS);
    isFirst.current = false;
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [about]);
  return found;
}

async function rehearse(orders: NamedOrder[], signal: AbortSignal, tell: (found: Rehearsal) => void): Promise<void> {
  const found: Rehearsal = { effects: [], commands: [], forecast: [], refused: {}, isAsking: true };
  for (const { name, order } of orders) {
    if (signal.aborted) return;
    try {
      const { effect, command, action } = await order({ dryRun: true, key: "" });
      found.effects.push(effect);
      found.commands.push(command.replace(" --dry-run", ""));
      tell({ ...found });
      if (action === null) continue;
      const page = await follow(action, isOver, signal);
      found.forecast = forecastLines(page.result);
      if (page.state === "failed" && found.forecast.length === 0) found.refused[name] = lastWords(page);
    } catch (error) {
      if (signal.aborted) return;
      // Too much at once: what it would do is not told, and it can be done all the same.
      if (!(error instanceof ApiError && error.status === 429)) found.refused[name] = (error as Error).message;
    }
  }
  tell({ ...found, isAsking: false });
}
