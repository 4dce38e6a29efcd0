import { useEffect, useState } from "react";
import { Button } from "@/parts/Button";
import { copyText } from "@/parts/CopyLine";
import { bytes, count } from "@/words/numbers";
import { plain } from "./ansi";
import styles from "./LogPanel.module.css";
import type { AskLog, PartLine } from "./logPlace";

/** Letters of a line that are shown at most. */
const MOST = 2_000_000;

/** The whole of a line that is longer than what is shown of one: fetched piece by piece. */
export function WholeLine({ ask, line, onClose }: { ask: AskLog; line: PartLine; onClose: () => void }) {
  const [text, error, isWhole] = useWhole(ask, line);
  const name = line.number ? `Line ${count(line.number)}` : "The line";
  return (
    <section className={styles.whole} aria-label={name}>
      <header>
        <h3>{name}</h3>
        <span>{error ?? (isWhole ? bytes(text.length) : `${bytes(text.length)} so far`)}</span>
        <Button size="small" onClick={() => copyText(text)}>
          Copy
        </Button>
        <Button size="small" onClick={onClose} autoFocus>
          Close
        </Button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <pre tabIndex={0}>{text}</pre>
    </section>
  );
}

function useWhole(ask: AskLog, line: PartLine): [string, string | null, boolean] {
  const [text, setText] = useState(plain(line.text));
  const [error, setError] = useState<string | null>(null);
  const [isWhole, setWhole] = useState(false);
  useEffect(() => {
    const quit = new AbortController();
    const read = async () => {
      let whole = plain(line.text);
      let at = line.rest ?? null;
      while (at !== null && whole.length < MOST) {
        const part = await ask({ from: at, count: 1, max: 1 << 20 }, quit.signal);
        const piece = part.lines[0];
        whole += plain(piece?.text ?? "");
        setText(whole);
        at = piece?.rest ?? null;
      }
      setWhole(at === null);
      if (typeof line.rest !== "number") setError(`${bytes(line.cut)} before this were written over, or are not kept`);
    };
    read().catch((failure) => quit.signal.aborted || setError(String(failure)));
    return () => quit.abort();
  }, [ask, line]);
  return [text, error, isWhole];
}
