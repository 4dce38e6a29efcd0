import { lazy, Suspense, useMemo, useState } from "react";
import { Link } from "wouter";
import { runAddress, withQuery } from "@/api/names";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { Choice } from "@/parts/Choice";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { CodeLines } from "@/values/CodeLines";
import { counted } from "@/words/numbers";
import css from "./StepCodeView.module.css";
import type { ViewProps } from "./TaskPage";
import { parseTask } from "./taskPath";
import { framesOf } from "./traceback";

const DiffView = lazy(() => import("@/values/DiffView"));

type Source = Schemas["SourcePage"];
type Extent = "step" | "file" | "changes";

/** The code of the step as it ran, with the lines marked at which it failed, and what has changed since an earlier run. */
export default function StepCodeView({ task, page, attempt }: ViewProps) {
  const { why } = page;
  const [code] = why?.code ?? [];
  const [chosen, setExtent] = useState<Extent | "">("");
  const { flow, number, step } = task;
  const { data, error } = useAsk(
    "/runs/{flow}/{number}/source",
    { in: { flow, number }, query: { place: code?.place ?? "", step } },
    { skip: !code },
  );
  const before = useBefore(why);
  if (!code) return <Empty title="The step's code is not known" lines={["It is noted when the first attempt ends."]} />;
  const tried = page.task.attempts?.find((one) => one.number === attempt);
  const change = data && before.source ? changeIn(before.source, data, code.name) : null;
  // What failed opens on its lines.
  const extent = chosen || (change && !tried?.error ? "changes" : "step");
  return (
    <div className={css.page}>
      <header className={css.bar}>
        <h2>{code.place}</h2>
        {data && (
          <Choice
            label="How much of the file"
            options={[
              { value: "step", name: "Step" },
              { value: "file", name: "File" },
              ...(change ? [{ value: "changes" as const, name: "Changes" }] : []),
            ]}
            value={extent}
            onChange={setExtent}
          />
        )}
        <span className={css.note}>{reachText(why)}</span>
        <Link className={css.link} href={runAddress(task, { view: "code" })}>
          All code of the run
        </Link>
      </header>
      <Changes why={why} />
      {error && <Failure error={error} />}
      {data && change && extent === "changes" && (
        <Suspense>
          <DiffView {...change} label={`${code.name} of ${before.run} and ${flow}/${number}`} />
        </Suspense>
      )}
      {data && !before.isPending && (!change || extent !== "changes") && (
        <Lines source={data} name={code.name} isWhole={extent === "file"} traceback={tried?.error?.traceback ?? ""} />
      )}
    </div>
  );
}

/** The file of the step as it was in the run that its task is compared with. */
function useBefore(why: Schemas["TaskPage"]["why"]): { source: Source | undefined; run: string; isPending: boolean } {
  const compared = parseTask(why?.compared_with ?? "");
  const run = compared ? `${compared.flow}/${compared.number}` : "";
  const isOther = run !== "" && !why?.task.startsWith(`${run}/`) && (why?.code ?? []).length > 0;
  const { flow = "", number = 1, step = "" } = compared ?? {};
  const { data, isLoading } = useAsk(
    "/runs/{flow}/{number}/source",
    { in: { flow, number }, query: { place: why?.code?.[0]?.place ?? "", step } },
    { skip: !isOther },
  );
  return { source: isOther ? data : undefined, run, isPending: isOther && isLoading };
}

/** The lines of the step then and now; null: they are the same, or one of them is not known. */
function changeIn(before: Source, after: Source, name: string) {
  const [then, now] = [spanIn(before, name), spanIn(after, name)];
  if (then === undefined || now === undefined) return null;
  const [old, own] = [before.lines.slice(then.first - 1, then.last), after.lines.slice(now.first - 1, now.last)];
  if (JSON.stringify(old) === JSON.stringify(own)) return null;
  return { before: old, after: own, firstBefore: then.first, firstAfter: now.first };
}

function spanIn(source: Source, name: string) {
  return source.definitions.find((one) => one.name === name.slice(name.indexOf(":") + 1));
}

function Lines({
  source,
  name,
  isWhole,
  traceback,
}: {
  source: Source;
  name: string;
  isWhole: boolean;
  traceback: string;
}) {
  const span = useMemo(() => spanIn(source, name), [source, name]);
  const marked = useMemo(() => {
    const frames = framesOf(traceback).filter(({ file }) => file.endsWith(`/${source.place}`) || file === source.place);
    return new Set(frames.map(({ line }) => line));
  }, [traceback, source]);
  const [first, last] = span && !isWhole ? [span.first, span.last] : [1, source.lines.length];
  return (
    <>
      <CodeLines lines={source.lines.slice(first - 1, last)} first={first} marked={marked} />
      {(source.cut ?? 0) > 0 && isWhole && <p className={css.note}>{counted(source.cut ?? 0, "more line")}</p>}
    </>
  );
}

function Changes({ why }: { why: Schemas["TaskPage"]["why"] }) {
  const compared = parseTask(why?.compared_with ?? "");
  if (!why || !compared) return null;
  const here = why.task.split("/").slice(0, 2).join("/");
  const there = `${compared.flow}/${compared.number}`;
  return (
    <div className={css.changes}>
      <p>
        {(why.changes ?? []).length === 0 ? "Nothing has changed since " : "Changed since "}
        {here === there ? (
          why.compared_with
        ) : (
          <Link className={css.link} href={withQuery("/compare", { runs: `${there},${here}`, view: "code" })}>
            {there}
          </Link>
        )}
      </p>
      <ul>
        {(why.changes ?? []).map((change) => (
          <li key={change}>{change}</li>
        ))}
      </ul>
    </div>
  );
}

function reachText(why: Schemas["TaskPage"]["why"]): string {
  const reached = Math.max(0, (why?.code ?? []).length - 1);
  const lost = (why?.unfollowed ?? []).length;
  const told = reached ? `reaches ${counted(reached, "other piece")} of code` : "";
  return lost ? `${told}${told ? ", " : ""}${counted(lost, "call")} can't be followed` : told;
}
