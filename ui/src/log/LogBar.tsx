import { ArrowDownToLine, ChevronDown, ChevronUp, CircleAlert, Copy, Download, Search, WrapText } from "lucide-react";
import type { KeyboardEvent, ReactNode, RefObject } from "react";
import { Button } from "@/parts/Button";
import { bytes, count } from "@/words/numbers";
import styles from "./LogBar.module.css";
import type { LogFind } from "./logFind";
import type { LogLines } from "./logLines";

interface BarProps {
  title: ReactNode;
  lines: LogLines;
  field: RefObject<HTMLInputElement | null>;
  text: string;
  onText: (text: string) => void;
  find: LogFind | null;
  /** The place of the hit that is shown; -1: none is. */
  hit: number;
  onHit: (step: 1 | -1) => void;
  isWrapped: boolean;
  onWrap: () => void;
  onError: () => void;
  onCopy: () => void;
  copies: string;
  onDownload: () => void;
  isFollowing: boolean;
  onFollow: () => void;
}

/** What stands above a log: how much there is, what is looked for in it, what can be done with it. */
export function LogBar(props: BarProps) {
  const isGrowing = props.lines.hasAnswered && !props.lines.isOver;
  const { title, lines, isWrapped, onWrap, onError, onCopy, copies, onDownload, isFollowing, onFollow } = props;
  return (
    <header className={styles.bar}>
      <h2>{title}</h2>
      <span className={styles.note}>{noteOf(lines)}</span>
      <div className={styles.tools}>
        <Finder {...props} />
        <Button
          kind="bare"
          size="small"
          icon={<CircleAlert />}
          onClick={onError}
          aria-label="Jump to the error"
          title="Jump to the error (e)"
        />
        <Button
          kind="bare"
          size="small"
          icon={<WrapText />}
          aria-pressed={isWrapped}
          onClick={onWrap}
          aria-label="Wrap long lines"
          title="Wrap long lines (l)"
        />
        <Button kind="bare" size="small" icon={<Copy />} onClick={onCopy} aria-label={copies} title={copies} />
        <Button
          kind="bare"
          size="small"
          icon={<Download />}
          onClick={onDownload}
          aria-label="Download the whole log"
          title="Download the whole log"
        />
        <Button
          size="small"
          className={styles.follow}
          icon={<ArrowDownToLine />}
          aria-pressed={isFollowing}
          onClick={onFollow}
          title={isGrowing ? "Follow (G)" : "To the end (G)"}
          aria-label={isGrowing ? "Follow" : "To the end"}
        >
          <span>{isGrowing ? "Follow" : "End"}</span>
        </Button>
      </div>
    </header>
  );
}

function Finder({ field, text, onText, find, hit, onHit }: BarProps) {
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter") onHit(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      if (text) onText("");
      event.currentTarget.blur();
    } else return;
    event.preventDefault();
  };
  return (
    <search className={styles.finder}>
      <span className={styles.hits} role="status">
        {text && hitsOf(find, hit)}
      </span>
      <label className={styles.field}>
        <Search aria-hidden="true" />
        <span className="unseen">Find in the log</span>
        <input
          ref={field}
          type="text"
          value={text}
          placeholder="Find"
          title="Find in the log (/)"
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => onText(event.target.value)}
          onKeyDown={onKey}
        />
      </label>
      {text && (
        <>
          <Button
            kind="bare"
            size="small"
            icon={<ChevronUp />}
            onClick={() => onHit(-1)}
            aria-label="The hit before"
            title="The hit before (N)"
          />
          <Button
            kind="bare"
            size="small"
            icon={<ChevronDown />}
            onClick={() => onHit(1)}
            aria-label="The next hit"
            title="The next hit (n)"
          />
        </>
      )}
    </search>
  );
}

function noteOf(lines: LogLines): string {
  if (!lines.hasAnswered) return "";
  const size = bytes(lines.size);
  if (!lines.isCounted) return `the last ${count(lines.count)} lines of ${size}; counting the others`;
  return lines.count === 1 ? `1 line, ${size}` : `${count(lines.count)} lines, ${size}`;
}

function hitsOf(find: LogFind | null, hit: number): string {
  if (!find || (!find.isDone && find.hits.length === 0)) return find?.error ? find.error.message : "looking";
  const all = `${count(find.hits.length)}${find.isDone ? "" : "+"}`;
  if (find.hits.length === 0) return "nothing";
  return hit < 0 ? `${all} lines` : `${count(hit + 1)} of ${all}`;
}
