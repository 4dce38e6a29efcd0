import { useCallback, useMemo, useState } from "react";
import { useLocation } from "wouter";
import { ask } from "@/api/ask";
import { idsOf } from "@/api/indexIds";
import { runAddress } from "@/api/names";
import { useAsk } from "@/api/useAsk";
import { useKeys } from "@/app/keys";
import { useTitle } from "@/app/title";
import { useParam } from "@/app/useParam";
import { copyText } from "@/parts/CopyLine";
import { FilterBox } from "@/parts/FilterBox";
import { PageHead } from "@/parts/PageHead";
import { VirtualTable } from "@/parts/VirtualTable";
import { askedFor, columnsOf, joinedParams, usualColumns } from "./columns";
import { FilterBy } from "./FilterBy";
import { withoutStatuses, withWord } from "./filterText";
import { RunLines } from "./RunLines";
import { RunsFoot } from "./RunsFoot";
import css from "./RunsPage.module.css";
import { tableColumns } from "./runColumns";
import { runRows, type TableRun } from "./runRows";
import { SameInAll } from "./SameInAll";
import { SelectionBar } from "./SelectionBar";
import { StatusFacets } from "./StatusFacets";
import { useRunRows } from "./useRunRows";
import { useSelection } from "./useSelection";

const NO_COLUMNS = { params: [], metrics: [], partial: false };

export default function RunsPage() {
  useTitle("Runs");
  const [filter, setFilter] = useParam("filter", "");
  const [sort, setSort] = useParam("sort", "");
  const [words] = useParam("columns", "");
  const [, navigate] = useLocation();
  const [cursor, setCursor] = useState<number | null>(null);

  const index = useAsk("/runs:index", { query: { filter, sort } }, { keep: true });
  const names = useAsk("/runs:columns", { query: { filter } }, { keep: true });
  const facets = useAsk("/runs:facets", { query: { filter: withoutStatuses(filter) } }, { keep: true });
  const columnsPage = names.data ?? NO_COLUMNS;
  const ids = useMemo(() => (index.data ? idsOf(index.data) : []), [index.data]);
  const total = index.data?.total ?? 0;

  const shown = useMemo(() => columnsOf(words || usualColumns(columnsPage), columnsPage), [words, columnsPage]);
  const joined = useMemo(() => joinedParams(columnsPage, total, shown), [columnsPage, total, shown]);
  const columns = useMemo(() => tableColumns(shown, joined, new Set()), [shown, joined]);
  const curves = useMemo(() => shown.filter(({ which }) => which === "curve").map(({ name }) => name), [shown]);
  const { seen } = useRunRows(
    useMemo(() => askedFor(shown, joined), [shown, joined]),
    curves,
  );
  const { selected, select, clear, compare } = useSelection();
  const filterBy = useCallback((term: string) => setFilter(withWord(filter, term)), [filter, setFilter]);

  const rowAt = (id: number | null) => (id === null ? undefined : runRows.get(id)?.line);
  useKeys({
    c: { does: "Compare the selected", group: "Table", run: compare },
    y: {
      does: "Copy the command that shows the run",
      group: "Table",
      run: () => {
        const line = rowAt(cursor);
        if (line) void copyText(`penstock show ${line.run}`);
      },
    },
  });

  // All at once: what comes later would push what is there.
  if ([index, names, facets].some((asked) => asked.isPending)) return <PageHead title="Runs" />;
  return (
    <FilterBy value={filterBy}>
      <div className={css.page}>
        <PageHead title="Runs" />
        <div className={css.tools}>
          <FilterBox
            label="Filter runs"
            placeholder="flow:digits  accuracy>0.9  since:2d"
            value={filter}
            onChange={(next, isDone) => setFilter(next, { replace: !isDone })}
            error={index.error}
            complete={completeFilter}
          />
          <StatusFacets statuses={facets.data?.statuses ?? []} filter={filter} onFilter={setFilter} />
        </div>
        <SameInAll page={columnsPage} total={total} />
        <VirtualTable
          label="Runs"
          ids={ids}
          rows={runRows}
          columns={columns}
          narrow={(run) => <RunLines run={run} shown={shown} />}
          addressOf={addressOf}
          nameOf={nameOf}
          onOpen={(id) => {
            const line = rowAt(id);
            if (line) navigate(runAddress(line));
          }}
          onSeen={seen}
          sort={sort}
          onSort={setSort}
          cursor={cursor}
          onCursor={setCursor}
          selected={selected}
          onSelect={select}
          place={`/runs ${filter} ${sort}`}
        />
        <RunsFoot total={total} />
        <SelectionBar selected={selected.size} onCompare={compare} onClear={clear} />
      </div>
    </FilterBy>
  );
}

const addressOf = (run: TableRun) => runAddress(run.line);
const nameOf = (run: TableRun) => run.line.run;

const completeFilter = (q: string, at: number, signal: AbortSignal) =>
  ask("/filter:complete", { query: { q, at }, signal });
