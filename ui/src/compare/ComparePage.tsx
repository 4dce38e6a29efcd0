import { lazy, Suspense } from "react";
import { Link } from "wouter";
import { ApiError } from "@/api/ask";
import { readable, withQuery } from "@/api/names";
import { useTitle } from "@/app/title";
import { useParam } from "@/app/useParam";
import { Boundary } from "@/parts/Boundary";
import { Empty } from "@/parts/Empty";
import { PageHead } from "@/parts/PageHead";
import { Skeleton } from "@/parts/Skeleton";
import { type View, Views } from "@/parts/Views";
import { counted } from "@/words/numbers";
import { ChangesView } from "./ChangesView";
import css from "./ComparePage.module.css";
import { CompareTools } from "./CompareTools";
import { DiffersView } from "./DiffersView";
import { EnvironmentView } from "./EnvironmentView";
import { FiguresView } from "./FiguresView";
import { RunChips } from "./RunChips";
import { type Compared, useComparison } from "./useComparison";

const CurvesView = lazy(() => import("./CurvesView"));
const ScatterView = lazy(() => import("./ScatterView"));
const ParallelView = lazy(() => import("./ParallelView"));

const VIEWS: { id: string; name: string; view: (compared: Compared) => React.JSX.Element }[] = [
  { id: "differs", name: "What differs", view: (compared) => <DiffersView compared={compared} /> },
  { id: "curves", name: "Curves", view: (compared) => <CurvesView compared={compared} /> },
  { id: "scatter", name: "Scatter", view: (compared) => <ScatterView compared={compared} /> },
  { id: "parallel", name: "Parallel", view: (compared) => <ParallelView compared={compared} /> },
  { id: "code", name: "Code", view: (compared) => <ChangesView compared={compared} /> },
  { id: "environment", name: "Environment", view: (compared) => <EnvironmentView compared={compared} /> },
  { id: "figures", name: "Figures", view: (compared) => <FiguresView compared={compared} /> },
];
const CRUMBS = [{ text: "Runs", to: "/runs" }];

export default function ComparePage() {
  useTitle("Compare");
  const [id] = useParam("view", "differs");
  const compared = useComparison();
  const { names, data, error, isPending } = compared;
  if (names.length < 2) return <TooFew />;
  if (error && !data) return <Unread error={error} names={names} />;
  const shown = VIEWS.find((one) => one.id === id) ?? VIEWS[0];
  return (
    <div className={css.page}>
      <PageHead title={`Compare ${counted(names.length, "run")}`} crumbs={CRUMBS} />
      {(!data || isPending) && (
        <div className={css.coming}>
          <Skeleton height={30} width={480} />
          <Skeleton height={22} width={560} />
        </div>
      )}
      {data && !isPending && (
        <>
          <RunChips compared={compared} />
          <Views of="comparison" views={VIEWS.map(viewAt)} current={shown?.id ?? ""} />
          <CompareTools compared={compared} />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
          <section className={css.view} aria-label={shown?.name} tabIndex={0}>
            <Boundary name={shown?.name ?? ""} key={shown?.id}>
              <Suspense>{shown?.view(compared)}</Suspense>
            </Boundary>
          </section>
        </>
      )}
    </div>
  );
}

function viewAt({ id, name }: { id: string; name: string }): View {
  const words = new URLSearchParams(location.search);
  if (id === "differs") words.delete("view");
  else words.set("view", id);
  return { id, name, to: `/compare?${readable(words)}` };
}

/** Nothing came that could be compared: why, and the others without the run that is not there. */
function Unread({ error, names }: { error: Error; names: string[] }) {
  const hint = error instanceof ApiError ? error.hint : null;
  const [what = ""] = error.message.split("; see ");
  const gone = names.find((name) => what.endsWith(` ${name}`));
  const others = names.filter((name) => name !== gone);
  return (
    <Empty title="These runs can't be compared" code={hint ?? []}>
      <p role="alert">{what}</p>
      {gone !== undefined && others.length > 1 && (
        <Link href={withQuery("/compare", { runs: others.join(",") })}>Leave out {gone}</Link>
      )}
      <Link href="/runs">All runs</Link>
    </Empty>
  );
}

function TooFew() {
  return (
    <Empty
      title="Two runs or more are compared"
      lines={["Select them in the list of runs, with x or by their boxes, then press c. The same on the command line:"]}
      code="penstock compare digits/1 digits/2"
    />
  );
}
