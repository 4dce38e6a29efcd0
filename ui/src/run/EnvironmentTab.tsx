import { useState } from "react";
import { type RunRef, runName } from "@/api/names";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { CopyLine } from "@/parts/CopyLine";
import { Failure } from "@/parts/Failure";
import { count, counted } from "@/words/numbers";
import { moment } from "@/words/times";
import css from "./EnvironmentTab.module.css";
import { packageRows } from "./packageRows";
import tab from "./Tab.module.css";
import { TabSkeleton } from "./TabSkeleton";
import { useAgainst } from "./useAgainst";

type Driver = Schemas["DriverInfo"];

/** What a run ran in, beside what another did. */
export default function EnvironmentTab({ run }: { run: RunRef }) {
  const { base, isPending, picker } = useAgainst(run);
  const mine = useAsk("/runs/{flow}/{number}/environment", { in: { ...run } });
  const other = useAsk("/runs/{flow}/{number}/environment", { in: { ...(base ?? run) } }, { skip: base === null });
  if (mine.error) return <Failure error={mine.error} />;
  const driver = mine.data?.drivers.at(-1);
  if (mine.data === undefined || driver === undefined || isPending || (base && other.isPending)) return <TabSkeleton />;
  const before = base ? (other.data?.drivers.at(-1) ?? null) : null;
  return (
    <div className={tab.page} data-view="environment">
      <header className={tab.head}>
        <CopyLine command={commandOf(driver)} />
        {picker}
      </header>
      <Failure error={other.error} />
      <div className={css.both}>
        <section aria-label="Where it ran">
          <Facts driver={driver} before={before} />
          {mine.data.drivers.length > 1 && <Drivers drivers={mine.data.drivers} />}
          <Locks locks={mine.data.locks} />
        </section>
        <Packages mine={driver.packages} other={before?.packages ?? null} base={base} />
      </div>
    </div>
  );
}

/** As it was typed, with the program's name alone. */
function commandOf({ argv }: Driver): string {
  const [program = "", ...words] = argv;
  const name = program.split("/").at(-1) ?? program;
  return [name, ...words]
    .map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(" ");
}

function Facts({ driver, before }: { driver: Driver; before: Driver | null }) {
  const facts: [string, (one: Driver) => string][] = [
    ["Python", (one) => one.python],
    ["Machine", (one) => one.host],
    ["Folder", (one) => one.cwd],
    ["Sources", (one) => one.snapshot.slice(0, 15) || "not kept"],
  ];
  return (
    <dl className={css.facts}>
      {facts.map(([name, say]) => {
        const [here, there] = [say(driver), before ? say(before) : ""];
        const differs = before !== null && here !== there;
        return (
          <div key={name} data-differs={differs || undefined}>
            <dt>{name}</dt>
            <dd>
              <bdi>{here}</bdi>
              {differs && <del className={css.before}>{there}</del>}
            </dd>
          </div>
        );
      })}
      <div>
        <dt>Started</dt>
        <dd>
          {moment(driver.started_at)}, process {driver.pid}
        </dd>
      </div>
    </dl>
  );
}

function Drivers({ drivers }: { drivers: readonly Driver[] }) {
  return (
    <>
      <h2 className={tab.title}>Driven {count(drivers.length)} times</h2>
      <ol className={css.drivers}>
        {drivers.map((one, at) => (
          <li key={one.started_at}>
            <span>{at === 0 ? "begun" : "resumed"}</span>
            <span>{moment(one.started_at)}</span>
            <bdi>{one.host}</bdi>
            <span>{one.python.split(" ")[0]}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

function Locks({ locks }: { locks: Record<string, string> }) {
  const named = Object.entries(locks);
  if (named.length === 0) return null;
  return (
    <>
      <h2 className={tab.title}>Environments of steps</h2>
      <dl className={css.facts}>
        {named.map(([asked, lock]) => (
          <div key={asked}>
            <dt title={asked}>{asked}</dt>
            <dd>{lock}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

interface PackagesProps {
  mine: Record<string, string>;
  other: Record<string, string> | null;
  base: RunRef | null;
}

function Packages({ mine, other, base }: PackagesProps) {
  const [all, setAll] = useState(false);
  const rows = packageRows(mine, other);
  const changed = rows.filter((row) => row.change !== "");
  const same = rows.length - changed.length;
  const shown = all || other === null ? rows : changed;
  return (
    <section aria-label="Packages">
      <h2 className={tab.title}>
        {other === null || base === null
          ? counted(rows.length, "package")
          : changed.length
            ? `${counted(changed.length, "package")} of ${count(rows.length)} ${changed.length === 1 ? "differs" : "differ"} from ${runName(base)}`
            : `All ${count(rows.length)} packages are as in ${runName(base)}`}
      </h2>
      <ul className={css.packages}>
        {shown.map(({ name, mine: here, other: there, change }) => (
          <li key={name} data-change={change || undefined}>
            <span className={css.package}>{name}</span>
            {change && <span className={css.change}>{change}</span>}
            {there && change && <del className={css.before}>{there}</del>}
            <span className={css.version}>{here || "–"}</span>
          </li>
        ))}
      </ul>
      {other !== null && same > 0 && (
        <button type="button" className={css.more} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "only what differs" : changed.length ? `${counted(same, "package")} the same` : "show them"}
        </button>
      )}
    </section>
  );
}
