import { Box, type LucideIcon, Rows3, Server } from "lucide-react";
import { type JSX, lazy } from "react";
import type { RunRef, TaskRef } from "@/api/names";

const RunsPage = lazy(() => import("@/runs/RunsPage"));
const RunPage = lazy(() => import("@/run/RunPage"));
const TaskPage = lazy(() => import("@/task/TaskPage"));
const ComparePage = lazy(() => import("@/compare/ComparePage"));
const ArtifactsPage = lazy(() => import("@/artifacts/ArtifactsPage"));
const ArtifactPage = lazy(() => import("@/artifacts/ArtifactPage"));
const SitesPage = lazy(() => import("@/sites/SitesPage"));

type Names = Record<string, string>;

interface Route {
  path: string;
  page: (names: Names) => JSX.Element;
}

const run = ({ flow = "", number = "" }: Names): RunRef => ({ flow, number });
const task = (names: Names): TaskRef => ({ ...run(names), step: names.step ?? "", task: names.task ?? "" });

/** Every address of the page. The first that matches is shown. */
export const routes: Route[] = [
  { path: "/", page: () => <RunsPage /> },
  { path: "/runs", page: () => <RunsPage /> },
  { path: "/runs/:flow/:number", page: (names) => <RunPage run={run(names)} /> },
  { path: "/runs/:flow/:number/:step/:task", page: (names) => <TaskPage task={task(names)} /> },
  { path: "/compare", page: () => <ComparePage /> },
  { path: "/artifacts", page: () => <ArtifactsPage /> },
  { path: "/artifacts/:digest", page: ({ digest = "" }) => <ArtifactPage digest={digest} /> },
  { path: "/sites", page: () => <SitesPage /> },
];

export interface Place {
  name: string;
  path: string;
  key: string;
  icon: LucideIcon;
  /** The path of the API that the page lives on: it is linked where the server says that it has it. */
  needs: string;
}

/** The pages of the top bar, in their order. A later one is a line here and a route above. */
export const places: Place[] = [
  { name: "Runs", path: "/runs", key: "g r", icon: Rows3, needs: "/runs" },
  { name: "Artifacts", path: "/artifacts", key: "g a", icon: Box, needs: "/artifacts" },
  { name: "Sites", path: "/sites", key: "g x", icon: Server, needs: "/sites" },
];

/**
 * The names in a path, or null where it is another. Each part is decoded by itself: a step may be called "a/b".
 */
export function match(path: string, pathname: string): Names | null {
  const wanted = path.split("/").filter(Boolean);
  const given = pathname.split("/").filter(Boolean);
  if (wanted.length !== given.length) return null;
  const names: Names = {};
  for (const [i, part] of wanted.entries()) {
    const text = decoded(given[i] ?? "");
    if (part.startsWith(":")) names[part.slice(1)] = text;
    else if (part !== text) return null;
  }
  return names;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // typed by hand, with a lone %
  }
}
