import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { Link } from "wouter";
import { navigate, useLocationProperty } from "wouter/use-browser-location";
import type { Startable } from "@/actions/useStartable";
import { ApiError } from "@/api/ask";
import { onceBack, useLive } from "@/api/events";
import { Boundary } from "@/parts/Boundary";
import { Empty } from "@/parts/Empty";
import { FLOATS } from "@/parts/floats";
import { sayIn } from "@/parts/say";
import css from "./App.module.css";
import { boundCommands, boundKeys, EVERYWHERE, type Key, listen, useKeys } from "./keys";
import { ServerGone } from "./LiveMark";
import { NoToken } from "./NoToken";
import { match, places, routes } from "./routes";
import { BottomBar, TopBar } from "./TopBar";
import { switchTheme } from "./theme";
import { useArrival } from "./useArrival";
import { useFinished } from "./useFinished";
import { useLatestRun } from "./useLatestRun";

const loadPalette = () => import("./Palette");
const loadKeyHelp = () => import("./KeyHelp");
const Palette = lazy(loadPalette);
const KeyHelp = lazy(loadKeyHelp);
const StartDialog = lazy(() => import("@/actions/StartDialog"));

/** What the server has refused once it refuses again. */
const isWorthAnother = (failed: number, error: Error) =>
  failed < 1 && !(error instanceof ApiError && error.status < 500);

const queries = new QueryClient({ defaultOptions: { queries: { retry: isWorthAnother, staleTime: 10_000 } } });

export function App() {
  useEffect(() => listen(window), []);
  useEffect(() => onceBack(() => queries.invalidateQueries()), []);
  return (
    // The policy of the page allows no style element.
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        {useLive().state === "refused" ? <NoToken refused /> : <Shell />}
        <div ref={sayIn} className="unseen" role="status" aria-live="polite" />
        <section id={FLOATS} aria-label="Menus" />
      </QueryClientProvider>
    </CSPProvider>
  );
}

/** The bars, and between them the page of the address. */
function Shell() {
  const pathname = useLocationProperty(() => location.pathname);
  const [over, setOver] = useState<Over | null>(null);
  const close = () => setOver(null);
  const search = () => setOver({ kind: "palette", commands: boundCommands() });
  const main = useArrival(pathname);
  useFinished();
  useEffect(loadOvers, []);
  useKeys({ ...useGoKeys(), ...lookKeys(search, () => setOver({ kind: "keys", keys: boundKeys() })) });
  return (
    <>
      <TopBar pathname={pathname} onSearch={search} />
      <ServerGone />
      <main ref={main} className={css.main} tabIndex={-1}>
        <Boundary key={pathname} name="This page">
          <Suspense>{pageOf(pathname)}</Suspense>
        </Boundary>
      </main>
      <BottomBar pathname={pathname} />
      <Suspense>
        {over?.kind === "palette" && (
          <Palette commands={over.commands} onClose={close} onStart={(flow) => setOver({ kind: "start", ...flow })} />
        )}
        {over?.kind === "start" && <StartDialog flow={over.flow} target={over.target} onClose={close} />}
        {over?.kind === "keys" && <KeyHelp keys={over.keys} onClose={close} />}
      </Suspense>
    </>
  );
}

// Soon after the page stands: what is typed right after Ctrl K belongs into the palette.
function loadOvers(): () => void {
  const timer = setTimeout(() => void Promise.all([loadPalette(), loadKeyHelp()]).catch(() => {}), 300);
  return () => clearTimeout(timer);
}

type Over =
  | { kind: "palette"; commands: { key: string; does: Key }[] }
  | { kind: "keys"; keys: [string, Key][] }
  | ({ kind: "start" } & Startable);

function useGoKeys(): Record<string, Key> {
  const latest = useLatestRun();
  const keys = places.map(({ name, path, key }): [string, Key] => [
    key,
    { does: `Go to ${name.toLowerCase()}`, group: EVERYWHERE, run: () => navigate(path) },
  ]);
  return { ...Object.fromEntries(keys), "g l": { does: "Open the latest run", group: EVERYWHERE, run: latest } };
}

function lookKeys(search: () => void, help: () => void): Record<string, Key> {
  return {
    "Ctrl K": { does: "Search and commands", group: EVERYWHERE, run: search },
    "?": { does: "All keys", group: EVERYWHERE, run: help },
    t: { does: "Switch between light and dark", group: EVERYWHERE, run: switchTheme },
  };
}

function pageOf(pathname: string) {
  for (const { path, page } of routes) {
    const names = match(path, pathname);
    if (names) return page(names);
  }
  return (
    <Empty title="There is no such page" lines={[`No page stands at ${pathname}.`]}>
      <Link href="/runs">All runs</Link>
    </Empty>
  );
}
