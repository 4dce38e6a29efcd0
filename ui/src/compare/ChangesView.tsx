import css from "./ChangesView.module.css";
import { RunLink } from "./RunChips";
import { Swatch } from "./Swatch";
import type { Compared } from "./useComparison";

/** How the code of the others differs from that of the first: which functions, then the lines. */
export function ChangesView({ compared }: { compared: Compared }) {
  const { data } = compared;
  if (!data) return null;
  const places = new Map(data.runs.map(({ id }, place) => [id, place]));
  const first = data.runs[0]?.id ?? "";
  if (data.code.length === 0) return <p className={css.nothing}>All of these runs had the same code.</p>;
  return (
    <div className={css.view}>
      {data.code.map((one) => (
        <section key={one.run} className={css.part} aria-label={`The code of ${one.run} beside that of ${first}`}>
          <h2 className={css.head}>
            {one.runs.map((run) => (
              <span key={run}>
                <Swatch place={places.get(run) ?? 0} /> <RunLink name={run} />
              </span>
            ))}
            <small>
              beside <Swatch place={0} /> {first}
            </small>
          </h2>
          <ul className={css.changes}>
            {one.changes.map((change) => (
              <li key={change}>{change}</li>
            ))}
          </ul>
          {one.diff ? (
            <Diff text={one.diff} />
          ) : (
            <p className={css.none}>The sources of these runs are the same, or were not kept.</p>
          )}
        </section>
      ))}
    </div>
  );
}

const KINDS: Record<string, string> = { "+": "added", "-": "removed", "@": "place" };

/** A unified diff, line by line. */
function Diff({ text }: { text: string }) {
  const lines = text.replace(/\n$/, "").split("\n");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <pre className={css.diff} tabIndex={0}>
      {lines.map((line, at) => {
        const isFile = /^(---|\+\+\+) /.test(line);
        const kind = isFile ? "file" : (KINDS[line[0] ?? ""] ?? "same");
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its place
          <span key={at} className={css[kind]}>
            {(kind === "added" || kind === "removed") && <span className="unseen">{kind}: </span>}
            {line || " "}
            {"\n"}
          </span>
        );
      })}
    </pre>
  );
}
