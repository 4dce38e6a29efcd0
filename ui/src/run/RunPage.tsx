import { useEffect } from "react";
import { Link, useLocation } from "wouter";
import { RunActions } from "@/actions/RunActions";
import { type RunRef, runAddress, runName } from "@/api/names";
import { useAsk } from "@/api/useAsk";
import { useTitle } from "@/app/title";
import { useParam } from "@/app/useParam";
import { openFolds } from "@/graph/openFolds";
import { Empty } from "@/parts/Empty";
import { Failures } from "./Failures";
import { RunHead } from "./RunHead";
import css from "./RunPage.module.css";
import { RunTabs } from "./RunTabs";
import { useRun } from "./useRun";

/** A run: what it is, what failed, and the views of it. */
export default function RunPage({ run }: { run: RunRef }) {
  return run.number === "latest" ? <Latest flow={run.flow} /> : <Run key={runName(run)} run={run} />;
}

function Run({ run }: { run: RunRef }) {
  useTitle(runName(run));
  const { data: page, error } = useRun(run);
  useWarmGraph(run);
  if (error?.status === 404) return <Gone run={run} />;
  if (error && !page) return <Empty title={`${runName(run)} can't be shown`} lines={[error.message]} />;
  return (
    <div className={css.page}>
      <RunHead run={run} page={page} actions={<RunActions run={run} page={page} />} />
      {/* Not before: what failed stands above, and would push the views down. */}
      {page && <Failures run={run} page={page} />}
      {page && <RunTabs run={run} />}
    </div>
  );
}

/** The graph is asked for along with the run rather than after it. */
function useWarmGraph(run: RunRef): void {
  const [view] = useParam("view", "graph");
  const [open] = useParam("open", "");
  useAsk("/runs/{flow}/{number}/graph", { in: run, query: { open: openFolds(open) } }, { skip: view !== "graph" });
}

function Gone({ run }: { run: RunRef }) {
  return (
    <Empty
      title={`There is no run ${runName(run)}`}
      lines={["It was removed, or it is of another project. Those that are here:"]}
      code={`penstock ls ${run.flow}`}
    >
      <Link href="/runs">All runs</Link>
    </Empty>
  );
}

/** The flow's latest run, by its own address. */
function Latest({ flow }: { flow: string }) {
  const [, navigate] = useLocation();
  const { data, error } = useAsk("/runs", {
    query: { filter: `flow:${flow}`, limit: 1, fields: "run,number" } as object,
  });
  const number = data?.rows[0]?.number;
  useEffect(() => {
    if (number !== undefined) navigate(runAddress({ flow, number }) + location.search, { replace: true });
  }, [flow, number, navigate]);
  if (error) return <Empty title="The latest run can't be found" lines={[error.message]} />;
  if (data?.rows.length === 0) {
    return <Empty title={`${flow} has no run yet`} lines={["This makes one:"]} code={`penstock run ${flow}`} />;
  }
  return null;
}
