import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { type RunRef, runAddress, taskAddress } from "@/api/names";
import type { Answer } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { Button } from "@/parts/Button";
import { Name } from "@/parts/Name";
import { Status, StatusMark } from "@/parts/StatusMark";
import { grantedWords, limitWords } from "@/words/granted";
import { bytes, count, counted } from "@/words/numbers";
import { duration } from "@/words/times";
import { type Counts, type FoldedNode, sharesOf, statusOf, totalOf } from "./counts";
import css from "./Panel.module.css";
import { useAgain } from "./useAgain";

type Step = Answer<"/runs/{flow}/{number}/steps/{step}", "get">;

interface NodePanelProps {
  run: RunRef;
  node: FoldedNode;
  onFold: (id: string) => void;
  onClose: () => void;
}

/** What is known of the node that is selected. */
export function NodePanel({ run, node, onFold, onClose }: NodePanelProps) {
  const isFlow = node.kind === "flow";
  return (
    <aside className={css.panel} aria-label={`About ${node.name}`}>
      <header className={css.head}>
        <h2>
          <Name text={node.name} max={34} />
        </h2>
        <Status status={statusOf(node.counts, node.reused)} />
        <Button kind="bare" size="small" aria-label="Close" title="Close (Esc)" icon={<X />} onClick={onClose} />
      </header>
      {isFlow ? <FlowFacts node={node} onFold={onFold} /> : <StepFacts run={run} node={node} />}
    </aside>
  );
}

function FlowFacts({ node, onFold }: Pick<NodePanelProps, "node" | "onFold">) {
  return (
    <>
      <Facts rows={[["Calls", count(totalOf(node.counts))]]} />
      <Outcomes counts={node.counts} />
      <section className={css.part}>
        <Button size="small" title="e" onClick={() => onFold(node.id)}>
          {node.is_open ? "Fold" : "Show what is inside"}
        </Button>
      </section>
    </>
  );
}

function StepFacts({ run, node }: Pick<NodePanelProps, "run" | "node">) {
  const settled = totalOf(node.counts) - (node.counts.running ?? 0) - (node.counts.waiting ?? 0);
  const asked = useAsk(
    "/runs/{flow}/{number}/steps/{step}",
    { in: { ...run, step: node.name } },
    { keep: true, skip: settled === 0 },
  );
  useAgain(settled, asked.refetch);
  const step = asked.data;
  const shown = step?.step === node.name ? step : undefined;
  return (
    <>
      <Facts rows={factsOf(node, shown)} />
      <Outcomes counts={node.counts} />
      <section className={css.part}>
        <h3>Tasks to look at</h3>
        {settled === 0 && <p>None of its tasks is over yet.</p>}
        <ul className={css.tasks}>
          {shown?.matter.map((task) => (
            <li key={task.id}>
              <Link
                href={taskAddress({ ...run, step: task.step, task: task.number })}
                title={task.message || undefined}
              >
                <StatusMark status={task.origin ? "reused" : task.status} />
                <span className={css.task}>{task.task}</span>
                <span className={css.figure}>{task.origin ? "reused" : duration(Number(task.wall_s))}</span>
              </Link>
            </li>
          ))}
        </ul>
        <p className={css.links}>
          <Link href={runAddress(run, { view: "tasks", filter: `step:${node.name}` })}>
            {counted(totalOf(node.counts), "task")}
          </Link>
          <Link href={runAddress(run, { view: "timeline", step: node.name })}>in the timeline</Link>
        </p>
      </section>
      {shown?.why && (
        <section className={css.part}>
          <h3>Why</h3>
          <p>{shown.why}</p>
        </section>
      )}
    </>
  );
}

function factsOf({ counts, language }: FoldedNode, step: Step | undefined): [string, string][] {
  const rows: [string, string][] = [["Tasks", count(totalOf(counts))]];
  if (language) rows.push(["Language", language]);
  const has = step !== undefined && step.ran > 0;
  rows.push(["Time in tasks", has ? duration(Number(step.wall_s)) : "–"]);
  if (step && step.ran > 1) {
    rows.push(["Mean", duration(Number(step.wall_s) / step.ran)]);
    rows.push(["Longest", duration(Number(step.longest_s))]);
  }
  rows.push(["Processor time", has ? duration(Number(step.cpu_s)) : "–"]);
  const granted = step?.granted ?? [];
  const limit = limitWords(granted);
  const peak = has && step.peak_bytes > 0 ? bytes(step.peak_bytes) : "";
  rows.push(["Peak memory", peak ? `${peak}${limit && ` of ${limit}`}` : limit ? `– of ${limit}` : "–"]);
  const [first] = granted;
  if (first) {
    rows.push(["Given", grantedWords(first)]);
    rows.push(["Runs on", [...new Set(granted.map(({ executor }) => executor))].join(", ")]);
  }
  return rows;
}

function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={css.facts}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Outcomes({ counts }: { counts: Counts }) {
  const shares = sharesOf(counts);
  if (totalOf(counts) < 2) return null;
  return (
    <section className={css.part}>
      <h3>Outcomes</h3>
      <div className={css.bar} aria-hidden="true">
        {shares.map(({ status, share }) => (
          <span key={status} data-part={status} style={{ width: `${share * 100}%` }} />
        ))}
      </div>
      <ul className={css.outcomes}>
        {shares.map(({ status }) => (
          <li key={status}>
            <StatusMark status={status} silent />
            {count(counts[status] ?? 0)} {status}
          </li>
        ))}
      </ul>
    </section>
  );
}
