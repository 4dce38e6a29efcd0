import { Link } from "wouter";
import { artifactAddress, type RunRef } from "@/api/names";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { StatusMark } from "@/parts/StatusMark";
import { cutMiddle } from "@/words/cut";
import { count, figure } from "@/words/numbers";
import { type FoldedGraph, figureOf, statusOf } from "./counts";
import css from "./Panel.module.css";

type Run = Schemas["RunInfo"];

const MOST = 12;

/** Beside the graph while no node is selected: the same as a list, and what the run came to. */
export function RunPanel({
  run,
  graph,
  onSelect,
}: {
  run: RunRef;
  graph: FoldedGraph;
  onSelect: (id: string) => void;
}) {
  const { data: page } = useAsk("/runs/{flow}/{number}", { in: run });
  return (
    <aside className={css.panel} aria-label="About the run">
      <h2 className="unseen">About the run</h2>
      {page && <Notes run={page.run} />}
      {page && <Metrics run={page.run} />}
      {page && <Result run={page.run} />}
      <Steps graph={graph} onSelect={onSelect} />
    </aside>
  );
}

function Steps({ graph, onSelect }: { graph: FoldedGraph; onSelect: (id: string) => void }) {
  const shown = graph.nodes.slice(0, 100);
  return (
    <section className={css.part}>
      <h3>Steps</h3>
      <ul className={css.tasks}>
        {shown.map(({ id, counts, reused }) => (
          <li key={id}>
            <button type="button" onClick={() => onSelect(id)} title={id}>
              <StatusMark status={statusOf(counts, reused)} />
              <bdi className={css.task}>{cutMiddle(id, 34)}</bdi>
              <span className={css.figure}>{figureOf(counts)}</span>
            </button>
          </li>
        ))}
      </ul>
      {graph.nodes.length > shown.length && <p>{count(graph.nodes.length - shown.length)} more</p>}
    </section>
  );
}

function Notes({ run }: { run: Run }) {
  if (!run.note && !run.name && run.tags.length === 0) return null;
  return (
    <section className={css.part}>
      {run.name && <h3 className={css.called}>{run.name}</h3>}
      {run.note && <p className={css.note}>{run.note}</p>}
      {run.tags.length > 0 && (
        <p className={css.tags}>
          {run.tags.map((tag) => (
            <Link key={tag} href={`/runs?filter=tag:${encodeURIComponent(tag)}`}>
              {tag}
            </Link>
          ))}
        </p>
      )}
    </section>
  );
}

function Metrics({ run }: { run: Run }) {
  const shown = run.metrics.slice(0, MOST);
  if (shown.length === 0) return null;
  return (
    <section className={css.part}>
      <h3>Metrics, last value</h3>
      <dl className={css.facts}>
        {shown.map(({ name, last }) => (
          <div key={name}>
            <dt title={name}>{cutMiddle(name, 16)}</dt>
            <dd>{figure(last)}</dd>
          </div>
        ))}
      </dl>
      {run.metrics.length > MOST && <p>{count(run.metrics.length - MOST)} more</p>}
    </section>
  );
}

function Result({ run }: { run: Run }) {
  const { result } = run;
  if (!result) return null;
  return (
    <section className={css.part}>
      <h3>Result</h3>
      <code className={css.value}>{result.text}</code>
      <p className={css.links}>
        <span>{result.type}</span>
        {result.digest && <Link href={artifactAddress(result.digest, { run: run.id })}>look at it</Link>}
      </p>
    </section>
  );
}
