import { Link } from "wouter";
import { type RunRef, runName } from "@/api/names";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { Name } from "@/parts/Name";
import { kindText, lookOfValue } from "@/values/kinds";
import { valueAddress } from "@/values/place";
import { counted } from "@/words/numbers";
import css from "./ParamsTab.module.css";
import { type ParamRow, paramRows } from "./paramRows";
import tab from "./Tab.module.css";
import { TabSkeleton } from "./TabSkeleton";
import { useAgainst } from "./useAgainst";

/** What a run was given, beside what another was. */
export default function ParamsTab({ run }: { run: RunRef }) {
  const { base, isPending, picker } = useAgainst(run);
  const mine = useAsk("/runs/{flow}/{number}/params", { in: { ...run } });
  const other = useAsk("/runs/{flow}/{number}/params", { in: { ...(base ?? run) } }, { skip: base === null });
  if (mine.error) return <Failure error={mine.error} />;
  if (mine.data === undefined || isPending || (base && other.isPending)) return <TabSkeleton />;
  const rows = paramRows(mine.data, base && other.data ? other.data : null);
  if (rows.length === 0) return <Nothing run={run} />;
  const different = rows.filter((row) => row.differs).length;
  return (
    <div className={tab.page} data-view="params">
      <header className={tab.head}>
        <p>
          {base && other.data
            ? `${different ? counted(different, "parameter") : "no parameter"} ${different === 1 ? "differs" : "differ"}`
            : counted(rows.length, "parameter")}
        </p>
        {picker}
      </header>
      <Failure error={other.error} />
      <div className={tab.scroll}>
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">Parameter</th>
              <th scope="col">{runName(run)}</th>
              {base && <th scope="col">{runName(base)}</th>}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.name} row={row} run={run} base={base} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Row({ row, run, base }: { row: ParamRow; run: RunRef; base: RunRef | null }) {
  return (
    <tr data-differs={row.differs || undefined}>
      <th scope="row">
        <span className={css.name}>
          <Name text={row.name} max={40} />
        </span>
        {row.isDefault && <span className={css.note}>default</span>}
      </th>
      <td>
        <Given input={row.mine} run={run} />
      </td>
      {base && (
        <td className={css.other}>
          <Given input={row.other} run={base} />
        </td>
      )}
    </tr>
  );
}

/** A value in a line; what is more than that has a page. */
function Given({ input, run }: { input: Schemas["InputInfo"] | null; run: RunRef }) {
  if (input === null) return <span className={css.none}>–</span>;
  const { value, sources, name } = input;
  const from = sources.length > 0 && <span className={css.note}>from {sources.join(", ")}</span>;
  if (value === null) return from || <span className={css.none}>–</span>;
  if (lookOfValue(value) === "scalar" || value.digest === "") {
    return (
      <>
        <bdi className={css.value}>{value.text}</bdi>
        {from}
      </>
    );
  }
  return (
    <>
      <Link href={valueAddress(value, { of: runName(run), param: name })} className={css.link}>
        <bdi className={css.value}>{value.text || kindText(value)}</bdi>
      </Link>
      <span className={css.note}>{kindText(value)}</span>
      {from}
    </>
  );
}

function Nothing({ run }: { run: RunRef }) {
  return (
    <Empty
      title={`${runName(run)} has no parameters`}
      lines={["The arguments of the flow's function are its parameters:"]}
      code={`def ${run.flow}(depth: int = 4): ...`}
    />
  );
}
