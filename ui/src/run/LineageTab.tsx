import { Link } from "wouter";
import { parseRun, type RunRef, runAddress, runName } from "@/api/names";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { useParam } from "@/app/useParam";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { Name } from "@/parts/Name";
import { PickOne } from "@/parts/PickOne";
import { StatusMark } from "@/parts/StatusMark";
import { counted } from "@/words/numbers";
import css from "./LineageTab.module.css";
import { edgeWords, lineageLayout, RUN_HEIGHT, RUN_WIDTH } from "./lineageLayout";
import tab from "./Tab.module.css";
import { TabSkeleton } from "./TabSkeleton";

/** The runs that a run's values came from, and those that they went to. */
export default function LineageTab({ run }: { run: RunRef }) {
  const [depth, setDepth] = useParam("depth", "2");
  const { data, error } = useAsk(
    "/runs/{flow}/{number}/lineage",
    { in: { ...run }, query: { depth: Number(depth) || 2 } },
    { keep: true },
  );
  if (error) return <Failure error={error} />;
  if (data === undefined) return <TabSkeleton />;
  if (data.runs.length === 1) return <Alone run={run} partial={data.partial} />;
  return (
    <div className={tab.page} data-view="lineage">
      <header className={tab.head}>
        <p>
          {said(data)}
          {data.partial && <span className={css.partial}>There may be more: not every task was looked at.</span>}
        </p>
        <PickOne label="followed for" value={depth} onChange={setDepth}>
          {["1", "2", "3", "5", "10"].map((steps) => (
            <option key={steps} value={steps}>
              {counted(Number(steps), "step")}
            </option>
          ))}
        </PickOne>
      </header>
      <Picture lineage={data} />
      <Passages lineage={data} />
    </div>
  );
}

function said({ runs }: Schemas["RunLineage"]): string {
  const before = runs.filter((one) => one.distance < 0).length;
  const after = runs.filter((one) => one.distance > 0).length;
  const parts = [before && `from ${counted(before, "run")}`, after && `to ${counted(after, "run")}`].filter(Boolean);
  return `Values came ${parts.join(", and went ")}`.replace("came to", "went to");
}

function Picture({ lineage }: { lineage: Schemas["RunLineage"] }) {
  const { width, height, runs, edges, hidden } = lineageLayout(lineage);
  return (
    <>
      <div className={css.scroll}>
        <div className={css.picture} style={{ width, height }}>
          <svg className={css.edges} width={width} height={height} aria-hidden="true">
            {edges.map(({ edge, path, isOwn }) => (
              <path
                key={`${edge.source} ${edge.target} ${edge.kind}`}
                d={path}
                className={isOwn ? css.own : css.edge}
              />
            ))}
          </svg>
          {runs.map(({ run, x, y }) => (
            <RunCard key={run.run} run={run} style={{ left: x, top: y, width: RUN_WIDTH, height: RUN_HEIGHT }} />
          ))}
        </div>
      </div>
      {hidden > 0 && <p className={css.note}>{counted(hidden, "run")} more have no room here; all are named below.</p>}
    </>
  );
}

function RunCard({ run, style }: { run: Schemas["LineageRun"]; style: React.CSSProperties }) {
  const ref = parseRun(run.run);
  const inside = (
    <>
      <StatusMark status={run.status} />
      <Name text={run.name || run.run} max={20} />
      {run.status === "removed" && <span className={css.note}>removed</span>}
    </>
  );
  if (ref === null || run.status === "removed") {
    return (
      <span className={css.gone} style={style}>
        {inside}
      </span>
    );
  }
  return (
    <Link
      href={runAddress(ref, { view: "lineage" })}
      className={run.distance === 0 ? css.self : css.run}
      aria-current={run.distance === 0 ? "true" : undefined}
      style={style}
    >
      {inside}
    </Link>
  );
}

/** What went from run to run, in words. */
function Passages({ lineage: { edges } }: { lineage: Schemas["RunLineage"] }) {
  return (
    <section aria-label="What went where">
      <h2 className={tab.title}>What went where</h2>
      <ul className={css.passages}>
        {edges.map((edge) => (
          <li key={`${edge.source} ${edge.target} ${edge.kind}`}>
            <p className={css.way}>
              <RunName name={edge.source} />
              <span className={css.arrow} aria-hidden>
                →
              </span>
              <span className="unseen">to</span>
              <RunName name={edge.target} />
              <span className={css.kind}>{edgeWords(edge)}</span>
            </p>
            {edge.kind !== "fork" && (
              <ul className={css.links}>
                {edge.links.map((link) => (
                  <li key={`${link.made} ${link.used} ${link.name}`}>{linkWords(link)}</li>
                ))}
                {edge.count > edge.links.length && <li>{counted(edge.count - edge.links.length, "other")}</li>}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function linkWords({ made, used, name }: Schemas["LineageLink"]): string {
  const within = (task: string) => task.split("/").slice(2).join("/") || "the flow";
  return name ? `${within(made)} as ${name} of ${within(used)}` : `${within(made)} for ${within(used)}`;
}

function RunName({ name }: { name: string }) {
  const ref = parseRun(name);
  return ref === null ? <bdi>{name}</bdi> : <Link href={runAddress(ref)}>{<bdi>{name}</bdi>}</Link>;
}

function Alone({ run, partial }: { run: RunRef; partial: boolean }) {
  return (
    <Empty
      title={`${runName(run)} stands alone`}
      lines={[
        partial
          ? "No other run was found that its values came from or went to, but not every task was looked at."
          : "Its values came from no other run, and went to none.",
        "A fork, a cached step that finds its result in another run, or a result that is passed on as a parameter joins runs:",
      ]}
      code={`penstock fork ${runName(run)}`}
    />
  );
}
