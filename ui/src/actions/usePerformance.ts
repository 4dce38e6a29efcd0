import { useState } from "react";
import { type ActionPage, follow, isOver, lastWords } from "./follow";
import { newKey, type Started } from "./orders";
import type { NamedOrder } from "./useRehearsal";

interface Performance {
  isDoing: boolean;
  /** How many of them are done. */
  done: number;
  failed: Record<string, string>;
  perform: () => void;
}

export interface PerformOptions {
  /** When an action has come far enough: it has ended, unless said. */
  isEnough?: (page: ActionPage) => boolean | Promise<boolean>;
  onDone: (last: ActionPage) => void;
}

/** Does the orders, one after the other; what has failed can be done again, what is done is not done twice. */
export function usePerformance(orders: NamedOrder[], { isEnough = isOver, onDone }: PerformOptions): Performance {
  const [state, setState] = useState({ isDoing: false, done: 0, failed: {} as Record<string, string> });

  async function perform(): Promise<void> {
    const failed: Record<string, string> = {};
    let last: ActionPage | null = null;
    setState({ isDoing: true, done: 0, failed });
    for (const [i, { name, order }] of orders.entries()) {
      try {
        const page = await performed(await sent(order), isEnough);
        if (page.state === "failed" || page.state === "lost") failed[name] = lastWords(page);
        else last = page;
      } catch (error) {
        failed[name] = (error as Error).message;
      }
      setState({ isDoing: true, done: i + 1, failed });
    }
    setState({ isDoing: false, done: orders.length, failed });
    if (last && Object.keys(failed).length === 0) onDone(last);
  }

  return { ...state, perform: () => void perform() };
}

async function performed({ action }: Started, isEnough: NonNullable<PerformOptions["isEnough"]>): Promise<ActionPage> {
  if (action === null) throw new Error("the server began nothing");
  return follow(action, async (page) => isOver(page) || (await isEnough(page)), new AbortController().signal);
}

// An answer that was lost on its way is asked for again: with one key it is done once.
async function sent(order: NamedOrder["order"]): Promise<Started> {
  const key = newKey();
  try {
    return await order({ dryRun: false, key });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return await order({ dryRun: false, key });
  }
}
