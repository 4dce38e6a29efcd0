import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { onceBack, useEvents } from "@/api/events";
import { useKeys } from "@/app/keys";
import { useParam } from "@/app/useParam";
import type { Cursor } from "@/draw/cursor";
import { Button } from "@/parts/Button";
import { copyText } from "@/parts/CopyLine";
import { say } from "@/parts/say";
import { counted } from "@/words/numbers";
import { LogBar } from "./LogBar";
import styles from "./LogPanel.module.css";
import { LogWindow } from "./LogWindow";
import { LogFind } from "./logFind";
import { LogLines } from "./logLines";
import { type AskLog, askerOf, downloadOf, type LogPlace, type PartLine, pathOf, topicOf } from "./logPlace";
import type { LogScroller } from "./logScroller";
import { lastError, textOf } from "./logText";
import { useMarked } from "./useMarked";
import { WholeLine } from "./WholeLine";

interface PanelProps {
  place: LogPlace;
  title?: ReactNode;
  /** A time that it shares with what stands beside it: UTC, seconds. */
  cursor?: Cursor;
}

/** Lines that are copied where none are chosen. */
const MOST_COPIED = 20_000;

/** A log: to be read, looked through, followed, copied and kept. Where it stands is in the address. */
export function LogPanel(props: PanelProps) {
  const { place } = props;
  // Another attempt is another log: nothing of this one stays.
  return <Panel key={`${pathOf(place)}#${"task" in place ? place.attempt : ""}`} {...props} />;
}

function Panel({ place, title = "Log", cursor }: PanelProps) {
  const [ask] = useState(() => askerOf(place));
  const [lines, version] = useLines(ask, place);
  const scroller = useRef<LogScroller | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const [isFollowing, setFollowing] = useState(true);
  const [line, setLine] = useParam("line", "");
  const [text, setText] = useParam("find", "");
  const [wrap, setWrap] = useParam("wrap", "");
  const [whole, setWhole] = useState<PartLine | null>(null);
  const chosen = useMemo(() => rangeOf(line), [line]);
  const show = useCallback(
    (number: number) => {
      setLine(String(number), { replace: true });
      scroller.current?.toLine(number); // it may be the chosen one already, and out of sight
    },
    [setLine],
  );
  const [find, hit, toHit] = useFind(ask, text, lines, version, chosen[0], show);
  const marked = useMarked(cursor, ask, lines);
  useShown(scroller, lines, chosen[0]);
  useRevealed(scroller, marked);

  const onPick = useCallback(
    (number: number, isRange: boolean) => setLine(isRange && chosen[0] ? rangeText(chosen[0], number) : `${number}`),
    [setLine, chosen],
  );
  const toError = async () => {
    const number = await lastError(ask, lines.size);
    if (number) show(number);
    else say("no line tells of an error");
  };
  const copied: [number, number] = chosen[0] ? chosen : [Math.max(1, lines.count - MOST_COPIED + 1), lines.count];
  const copy = async () => {
    const [first, last] = copied;
    if (await copyText(await textOf(ask, first, last))) say(`${counted(last - first + 1, "line")} copied`);
  };
  const download = async () => {
    const link = document.createElement("a");
    link.href = await downloadOf(place);
    link.click();
  };
  const toggleWrap = () => setWrap(wrap ? "" : "1", { replace: true });
  const group = "Log";
  useKeys({
    "/": { does: "Find in the log", group, run: () => field.current?.select() },
    n: { does: "The next hit", group, run: () => toHit(1) },
    N: { does: "The hit before", group, run: () => toHit(-1) },
    G: { does: "To the end, and follow", group, run: () => scroller.current?.toEnd() },
    "g g": { does: "To the start", group, run: () => scroller.current?.toStart() },
    l: { does: "Wrap long lines", group, run: toggleWrap },
    e: { does: "Jump to the error", group, run: toError },
  });
  const point = (over: PartLine | undefined) => cursor?.set(over?.at ? Date.parse(over.at) / 1000 : null, lines);

  return (
    <section className={styles.panel} aria-label="Log">
      <LogBar
        title={title}
        lines={lines}
        field={field}
        text={text}
        onText={(next) => setText(next, { replace: true })}
        find={find}
        hit={hit}
        onHit={toHit}
        isWrapped={wrap !== ""}
        onWrap={toggleWrap}
        onError={toError}
        onCopy={copy}
        copies={`Copy ${chosen[0] || copied[0] === 1 ? "" : "the last "}${counted(copied[1] - copied[0] + 1, "line")}`}
        onDownload={download}
        isFollowing={isFollowing && lines.hasAnswered && !lines.isOver}
        onFollow={() => scroller.current?.toEnd()}
      />
      {lines.error && (
        <p className={styles.notice} role="alert">
          {lines.error.message}
          <Button size="small" onClick={() => lines.again()}>
            Try again
          </Button>
        </p>
      )}
      <div className={styles.body}>
        {lines.hasAnswered && !lines.error && lines.count === 0 && <Nothing isOver={lines.isOver} />}
        <LogWindow
          lines={lines}
          version={version}
          scroller={scroller}
          onScroll={setFollowing}
          label={`Log of ${pathOf(place)}`}
          find={text}
          chosen={chosen}
          marked={marked}
          isWrapped={wrap !== ""}
          onPick={onPick}
          onWhole={setWhole}
          onPoint={point}
        />
        {!isFollowing && !lines.isOver && (
          <Button size="small" className={styles.stopped} onClick={() => scroller.current?.toEnd()}>
            Following stopped · to the end
          </Button>
        )}
      </div>
      {whole && <WholeLine ask={ask} line={whole} onClose={() => setWhole(null)} />}
    </section>
  );
}

function Nothing({ isOver }: { isOver: boolean }) {
  return <p className={styles.nothing}>{isOver ? "It printed nothing." : "It has printed nothing yet."}</p>;
}

/** The lines, which grow as the server tells that they do. */
function useLines(ask: AskLog, place: LogPlace): [LogLines, number] {
  const [lines] = useState(() => new LogLines(ask));
  useEffect(() => {
    lines.open();
    const stop = onceBack(() => (lines.error ? lines.again() : lines.grow()));
    return () => {
      stop();
      lines.close();
    };
  }, [lines]);
  useEvents([topicOf(place)], (event) => {
    if (event.event === "reset") lines.again();
    if (event.event === "log" && event.data.task === pathOf(place)) {
      if ("run" in place || event.data.attempt === place.attempt) lines.grow();
    }
  });
  return [lines, useSyncExternalStore(lines.subscribe, lines.snapshot)];
}

/** What is found, the place of the hit on the chosen line, and how to go to another. */
function useFind(
  ask: AskLog,
  text: string,
  lines: LogLines,
  version: number,
  chosen: number,
  show: (number: number) => void,
): [LogFind | null, number, (step: 1 | -1) => void] {
  const [find, setFind] = useState<LogFind | null>(null);
  const [, setSeen] = useState(0);
  const { isCounted } = lines;
  useEffect(() => {
    if (!text || !isCounted) return;
    let made: LogFind | null = null;
    const timer = setTimeout(() => {
      made = new LogFind(ask, text, () => setSeen((seen) => seen + 1));
      setFind(made);
    }, 150);
    return () => {
      clearTimeout(timer);
      made?.close();
      setFind(null);
    };
  }, [ask, text, isCounted]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that the lines have changed
  useEffect(() => {
    if (find?.isDone) void find.more();
  }, [find, version]);
  const wanted = useRef<1 | -1 | 0>(0);
  const toHit = (step: 1 | -1) => {
    const at = find?.next(chosen, step) ?? -1;
    const hit = find?.hits[at];
    wanted.current = hit ? 0 : step; // Enter may come before what it asks for
    if (hit) show(hit.number);
    if (find && !find.isDone && at === find.hits.length - 1) void find.more();
  };
  const hits = find?.hits.length ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: more hits are what is waited for
  useEffect(() => {
    if (hits > 0 && wanted.current) toHit(wanted.current);
  }, [hits]);
  return [find, find ? find.placeOf(chosen) : -1, toHit];
}

/** Brings the chosen line into sight, once it is known that there is one. */
function useShown(scroller: React.RefObject<LogScroller | null>, lines: LogLines, number: number): void {
  const isThere = number > 0 && lines.isCounted && number <= lines.count;
  useEffect(() => {
    if (isThere) scroller.current?.toLine(number);
  }, [scroller, isThere, number]);
}

/** Has the marked line in sight as long as it is marked; a log that was followed is followed again. */
function useRevealed(scroller: React.RefObject<LogScroller | null>, marked: number): void {
  const was = useRef<boolean | null>(null);
  useEffect(() => {
    if (marked) {
      was.current ??= scroller.current?.isFollowing ?? false;
      scroller.current?.toLine(marked);
    } else {
      if (was.current) scroller.current?.toEnd();
      was.current = null;
    }
  }, [scroller, marked]);
}

/** "20", "20-30" */
function rangeOf(text: string): [number, number] {
  const found = /^(\d{1,12})(?:-(\d{1,12}))?$/.exec(text);
  const first = Number(found?.[1] ?? 0);
  return [first, Math.max(first, Number(found?.[2] ?? 0))];
}

function rangeText(from: number, to: number): string {
  return from === to ? `${from}` : `${Math.min(from, to)}-${Math.max(from, to)}`;
}
