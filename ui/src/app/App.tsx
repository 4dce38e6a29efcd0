import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Suspense, useEffect } from "react";
import { navigate, useLocationProperty } from "wouter/use-browser-location";
import { onceBack, useLive } from "@/api/events";
import { Empty } from "@/parts/Empty";
import { sayIn } from "@/parts/say";
import css from "./App.module.css";
import { listen, useKeys } from "./keys";
import { ServerGone } from "./LiveMark";
import { NoToken } from "./NoToken";
import { match, places, routes } from "./routes";
import { BottomBar, TopBar } from "./TopBar";
import { switchTheme } from "./theme";

const queries = new QueryClient({ defaultOptions: { queries: { retry: 1, staleTime: 10_000 } } });

export function App() {
  const pathname = useLocationProperty(() => location.pathname);
  useEffect(() => listen(window), []);
  useEffect(() => onceBack(() => queries.invalidateQueries()), []);
  return (
    <QueryClientProvider client={queries}>
      {useLive().state === "refused" ? <NoToken refused /> : <Pages pathname={pathname} />}
      <div ref={sayIn} className="unseen" role="status" aria-live="polite" />
    </QueryClientProvider>
  );
}

function Pages({ pathname }: { pathname: string }) {
  useKeys({
    ...Object.fromEntries(
      places.map(({ name, path, key }) => [
        key,
        { does: `Go to ${name.toLowerCase()}`, group: "Everywhere", run: () => navigate(path) },
      ]),
    ),
    t: { does: "Switch between light and dark", group: "Everywhere", run: switchTheme },
  });
  return (
    <>
      <TopBar pathname={pathname} onSearch={() => {}} />
      <ServerGone />
      <main className={css.main} tabIndex={-1}>
        <Suspense>{pageOf(pathname)}</Suspense>
      </main>
      <BottomBar pathname={pathname} />
    </>
  );
}

function pageOf(pathname: string) {
  for (const { path, page } of routes) {
    const names = match(path, pathname);
    if (names) return page(names);
  }
  return <Empty title="There is no such page" lines={[`No page stands at ${pathname}.`]} />;
}
