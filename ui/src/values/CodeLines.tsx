import { memo } from "react";
import style from "./CodeLines.module.css";
import type { CodeLine } from "./codeText";

interface CodeLinesProps {
  lines: readonly CodeLine[];
  /** The number of the first; none: there are no numbers. */
  first?: number;
  /** Lines that are meant: a traceback's, a change's. */
  marked?: ReadonlySet<number>;
}

/** Code as the server has told its words apart. */
export const CodeLines = memo(function CodeLines({ lines, first, marked }: CodeLinesProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <pre className={style.code} tabIndex={0}>
      {lines.map((line, at) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its number
          key={at}
          className={marked?.has((first ?? 1) + at) ? style.marked : style.line}
          data-line={first === undefined ? undefined : first + at}
        >
          <CodeWords line={line} />
          {"\n"}
        </span>
      ))}
    </pre>
  );
});

function CodeWords({ line }: { line: CodeLine }) {
  return line.map(([word = "", text = ""], at) =>
    word ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: a word is known by its place
      <span key={at} className={style[word]}>
        {text}
      </span>
    ) : (
      text
    ),
  );
}
