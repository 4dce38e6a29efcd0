import { type ComponentType, lazy, Suspense } from "react";
import { type RunRef, runAddress } from "@/api/names";
import { useAsk } from "@/api/useAsk";
import { useParam } from "@/app/useParam";
import { Boundary } from "@/parts/Boundary";
import { Views } from "@/parts/Views";
import css from "./RunTabs.module.css";

interface Tab {
  view: string;
  name: string;
  page: ComponentType<{ run: RunRef }>;
}

const TABS: Tab[] = [
  { view: "graph", name: "Graph", page: lazy(() => import("@/graph/GraphTab")) },
  { view: "timeline", name: "Timeline", page: lazy(() => import("./TimelineTab")) },
  { view: "tasks", name: "Tasks", page: lazy(() => import("./TasksTab")) },
  { view: "params", name: "Parameters", page: lazy(() => import("./ParamsTab")) },
  { view: "code", name: "Code", page: lazy(() => import("./CodeTab")) },
  { view: "environment", name: "Environment", page: lazy(() => import("./EnvironmentTab")) },
  { view: "lineage", name: "Lineage", page: lazy(() => import("./LineageTab")) },
  { view: "log", name: "Log", page: lazy(() => import("./BodyTab")) },
];

/** Where something was displayed. */
const DISPLAYS: Tab = { view: "displays", name: "Displays", page: lazy(() => import("./DisplaysTab")) };

/** The views of a run, each an address of its own. */
export function RunTabs({ run }: { run: RunRef }) {
  const [view] = useParam("view", "graph");
  const { data } = useAsk("/runs/{flow}/{number}/displays", { in: run, query: { limit: 1 } });
  const tabs = view === DISPLAYS.view || (data?.rows.length ?? 0) > 0 ? [...TABS, DISPLAYS] : TABS;
  const current = tabs.find((tab) => tab.view === view) ?? tabs[0];
  if (current === undefined) return null;
  const views = tabs.map((tab) => ({
    id: tab.view,
    name: tab.name,
    to: runAddress(run, { view: tab === tabs[0] ? undefined : tab.view }),
  }));
  return (
    <>
      <Views of="run" views={views} current={current.view} />
      <Boundary key={current.view} name={`The ${current.name.toLowerCase()}`}>
        <Suspense fallback={<div className={css.place} />}>
          <current.page run={run} />
        </Suspense>
      </Boundary>
    </>
  );
}
