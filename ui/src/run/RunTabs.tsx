import { type ComponentType, lazy, Suspense } from "react";
import { Link } from "wouter";
import { navigate } from "wouter/use-browser-location";
import { type RunRef, runAddress } from "@/api/names";
import { useKeys } from "@/app/keys";
import { useParam } from "@/app/useParam";
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
];

/** The views of a run, each an address of its own. */
export function RunTabs({ run }: { run: RunRef }) {
  const [view] = useParam("view", "graph");
  const address = (tab: Tab) => runAddress(run, { view: tab.view === "graph" ? undefined : tab.view });
  useKeys(
    Object.fromEntries(
      TABS.map((tab, at) => [
        String(at + 1),
        { does: `Show ${tab.name.toLowerCase()}`, group: "Run", run: () => navigate(address(tab)) },
      ]),
    ),
  );
  const current = TABS.find((tab) => tab.view === view) ?? TABS[0];
  if (current === undefined) return null;
  return (
    <>
      <nav className={css.tabs} aria-label="Views of the run">
        {TABS.map((tab, at) => (
          <Link
            key={tab.view}
            href={address(tab)}
            className={css.tab}
            aria-current={tab === current ? "page" : undefined}
            title={`${tab.name} (${at + 1})`}
          >
            {tab.name}
          </Link>
        ))}
      </nav>
      <Suspense fallback={<div className={css.place} />}>
        <current.page run={run} />
      </Suspense>
    </>
  );
}
