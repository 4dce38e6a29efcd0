import { useCallback, useEffect, useRef, useState } from "react";
import { freshIn, isSame, isTaken } from "./liveIds";

interface LiveIds {
  ids: readonly number[];
  /** Runs that are new, and wait to be shown. */
  fresh: number;
  /** Rows are changing their places. */
  isMoving: boolean;
  /** Shows the newest order now. */
  take: () => void;
  onTop: (isAtTop: boolean) => void;
}

const LOOK_MS = 1_000;
const MOVE_MS = 220;

/** The ids of a table that is looked at, of which a newer order may be known. `question`: with another, all is new. */
export function useLiveIds(latest: readonly number[], question: string, sort: string): LiveIds {
  const [shown, setShown] = useState({ question, ids: latest });
  const [isMoving, setMoving] = useState(false);
  const isAtTop = useRef(true);
  const movedAt = useRef(0);
  // What was empty has nothing that could move.
  const ids = shown.question === question && shown.ids.length > 0 ? shown.ids : latest;
  const waits = !isSame(ids, latest);

  const take = useCallback(() => {
    setMoving(true);
    setShown({ question, ids: latest });
  }, [latest, question]);

  useEffect(() => {
    if (ids === latest && shown.ids !== latest) setShown({ question, ids: latest });
  }, [ids, latest, question, shown]);

  useEffect(() => {
    if (!isMoving) return;
    const timer = setTimeout(() => setMoving(false), MOVE_MS);
    return () => clearTimeout(timer);
  }, [isMoving]);

  useEffect(() => {
    if (!waits) return;
    const look = () => {
      if (isTaken(sort, { isAtTop: isAtTop.current, idleMs: performance.now() - movedAt.current })) take();
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, [waits, sort, take]);

  useEffect(() => {
    const moved = () => {
      movedAt.current = performance.now();
    };
    addEventListener("pointermove", moved, { passive: true });
    addEventListener("keydown", moved);
    return () => {
      removeEventListener("pointermove", moved);
      removeEventListener("keydown", moved);
    };
  }, []);

  const onTop = useCallback((now: boolean) => {
    isAtTop.current = now;
  }, []);
  return { ids, fresh: waits ? freshIn(ids, latest) : 0, isMoving, take, onTop };
}
