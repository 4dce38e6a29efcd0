import { memo } from "react";
import { bytes, count } from "@/words/numbers";
import { clock } from "@/words/times";
import { plain, type Span, spansOf } from "./ansi";
import styles from "./LogLine.module.css";
import { placesIn } from "./logFind";
import type { PartLine } from "./logPlace";

export interface LineProps {
  number: number;
  /** Not there: it is being fetched. */
  line: PartLine | undefined;
  /** What is looked for; "": nothing. */
  find: string;
  isChosen: boolean;
  /** It was written at the time that the pointer is at. */
  isMarked: boolean;
  isNumbered: boolean;
  onPick: (number: number, isRange: boolean) => void;
  onWhole: (line: PartLine) => void;
}

const LEVELS: Record<string, string> = {
  debug: "DEBUG",
  info: "INFO",
  warning: "WARN",
  error: "ERROR",
  critical: "FATAL",
};

/** A line of a log: its number, time and level are drawn by style, so that what is selected and copied is its text. */
export const LogLine = memo(function LogLine(props: LineProps) {
  const { number, line, find, isChosen, isMarked, isNumbered, onPick, onWhole } = props;
  const looks = [styles.line, isChosen && styles.chosen, isMarked && styles.marked].filter(Boolean).join(" ");
  return (
    <div className={looks} data-line={number} data-level={line?.level || undefined} data-marked={isMarked || undefined}>
      <button
        type="button"
        tabIndex={-1}
        className={styles.number}
        data-text={isNumbered ? count(number) : ""}
        aria-label={`Line ${number}`}
        onClick={(event) => onPick(number, event.shiftKey)}
      />
      <span className={styles.time} data-text={line?.at ? clock(line.at, { millis: true }) : ""} />
      <span className={styles.level} data-text={LEVELS[line?.level ?? ""] ?? ""} />
      <span className={styles.text}>
        {line && <Text line={line} find={find} />}
        {line && line.cut > 0 && (
          <button type="button" className={styles.more} onClick={() => onWhole(line)}>
            {bytes(line.cut)} more
          </button>
        )}
      </span>
    </div>
  );
});

function Text({ line, find }: { line: PartLine; find: string }) {
  const hits = find ? placesIn(plain(line.text), find) : [];
  let at = 0;
  return spansOf(line.text).map((span) => {
    const begin = at;
    at += span.text.length;
    return <Piece key={begin} span={span} begin={begin} hits={hits} />;
  });
}

function Piece({ span, begin, hits }: { span: Span; begin: number; hits: [number, number][] }) {
  const look = span.looks.map((name) => styles[name] ?? "").join(" ");
  const end = begin + span.text.length;
  const inside = hits.filter(([from, to]) => from < end && to > begin);
  if (inside.length === 0) return look ? <span className={look}>{span.text}</span> : span.text;
  const parts = [];
  let at = begin;
  for (const [from, to] of inside) {
    const [first, last] = [Math.max(from, begin), Math.min(to, end)];
    if (first > at) parts.push(span.text.slice(at - begin, first - begin));
    parts.push(<mark key={first}>{span.text.slice(first - begin, last - begin)}</mark>);
    at = last;
  }
  parts.push(span.text.slice(at - begin));
  return <span className={look}>{parts}</span>;
}
