import { Moon, Search, Sun } from "lucide-react";
import { Link } from "wouter";
import { useAsk } from "@/api/useAsk";
import { Button } from "@/parts/Button";
import { Kbd } from "@/parts/Kbd";
import { LiveMark } from "./LiveMark";
import { Mark } from "./Mark";
import { type Place, places } from "./routes";
import css from "./TopBar.module.css";
import { switchTheme, useTheme } from "./theme";

/** Which pages there are: those whose data the server has. */
function usePlaces(): Place[] {
  const { data } = useAsk("/meta");
  return data ? places.filter((place) => data.features.includes(place.needs)) : places.slice(0, 3);
}

export function TopBar({ pathname, onSearch }: { pathname: string; onSearch: () => void }) {
  const project = useAsk("/meta").data?.project;
  return (
    <header className={css.bar}>
      <Link href="/runs" className={css.brand ?? ""}>
        <Mark />
        <span>Penstock</span>
      </Link>
      <Places pathname={pathname} className={css.places} />
      <div className={css.right}>
        {project && <span className={css.project}>{project}</span>}
        <LiveMark />
        <button type="button" className={css.search} onClick={onSearch}>
          <Search aria-hidden="true" />
          <span>Search</span>
          <span className={css.key}>
            <Kbd keys="Ctrl K" />
          </span>
        </button>
        <ThemeButton />
      </div>
    </header>
  );
}

/** The pages again, below, where a thumb reaches them. */
export function BottomBar({ pathname }: { pathname: string }) {
  return <Places pathname={pathname} className={css.bottom} />;
}

function Places({ pathname, className }: { pathname: string; className: string | undefined }) {
  return (
    <nav aria-label="Pages" className={className}>
      {usePlaces().map(({ name, path, icon: Icon }) => (
        <Link key={path} href={path} aria-current={isIn(pathname, path) ? "page" : undefined}>
          <Icon aria-hidden="true" />
          {name}
        </Link>
      ))}
    </nav>
  );
}

function isIn(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(`${path}/`) || (pathname === "/" && path === "/runs");
}

function ThemeButton() {
  const now = useTheme();
  return (
    <Button
      kind="bare"
      icon={now === "dark" ? <Sun aria-hidden="true" /> : <Moon aria-hidden="true" />}
      onClick={switchTheme}
      aria-label={now === "dark" ? "Light colours" : "Dark colours"}
      title={now === "dark" ? "Light colours (t)" : "Dark colours (t)"}
    />
  );
}
