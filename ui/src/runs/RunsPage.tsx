import { type ReactNode, useCallback, useMemo, useState } from "react";
import { navigate } from "wouter/use-browser-location";
import { SelectionActions } from "@/actions/SelectionActions";
import { StartMenu } from "@/actions/StartMenu";
import { ask } from "@/api/ask";
import { runAddress } from "@/api/names";
import { useKeys } from "@/app/keys";
import { useTitle } from "@/app/title";
import { useParam } from "@/app/useParam";
import { Button } from "@/parts/Button";
import { copyText } from "@/parts/CopyLine";
import { FilterBox } from "@/parts/FilterBox";
import { PageHead } from "@/parts/PageHead";
import place from "@/parts/TablePage.module.css";
import { TableSkeleton } from "@/parts/TableSkeleton";
import { VirtualTable } from "@/parts/VirtualTable";
import { counted } from "@/words/numbers";
import { ColumnsPanel } from "./ColumnsPanel";
import { NoRuns, NothingMatches, WrongFilter } from "./EmptyRuns";
import { FilterBy } from "./FilterBy";
import { withWord } from "./filterText";
import { GroupHead } from "./GroupHead";
import { GroupPanel } from "./GroupPanel";
import { RowFilters } from "./RowFilters";
import { RunLines } from "./RunLines";
import { RunsFoot } from "./RunsFoot";
import css from "./RunsPage.module.css";
import { runRows, type TableRun } from "./runRows";
import { SameInAll } from "./SameInAll";
import { SelectionBar } from "./SelectionBar";
import { StatusFacets } from "./StatusFacets";
import { useLiveRuns } from "./useLiveRuns";
import { useRunColumns } from "./useRunColumns";
import { useRunList } from "./useRunList";
import { useSelection } from "./useSelection";

export default function RunsPage() {
  useTitle("Runs");
  const [filter, setFilter] = useParam("filter", "");
  const [sort, setSort] = useParam("sort", "");
  const [by, setBy] = useParam("group", "");
  const [cursor, setCursor] = useState<number | null>(null);
  const list = useRunList({ filter, sort, by });
  const table = useRunColumns(filter, list);
  const { selected, placeOf, select, clear, compare } = useSelection();
  useLiveRuns({ since: list.revision, onIndex: list.askAgain, onRows: table.changed });
  const filterBy = useCallback((term: string) => setFilter(withWord(filter, term)), [filter, setFilter]);
  const rowFilters = useRowKeys(cursor, compare, filterBy);
  const { groups, live } = list;

  const wide = useCallback(
    (id: number): ReactNode => {
      const group = groups.groupOf(id);
      return group && <GroupHead by={by} group={group} isOpen={groups.isOpen(group)} onTurn={groups.turn} />;
    },
    [by, groups.groupOf, groups.isOpen, groups.turn],
  );
  const { shown } = table;
  const narrow = useCallback((run: TableRun) => <RunLines run={run} shown={shown} />, [shown]);

  function open(id: number): void {
    const group = groups.groupOf(id);
    const line = runRows.get(id)?.line;
    if (group) groups.turn(group);
    else if (line) navigate(runAddress(line));
  }

  // All at once: what comes later would push what is there.
  if (!list.isReady) return <Coming />;
  if (list.total === 0 && !filter && !list.error) {
    return (
      <>
        <PageHead title="Runs" actions={<StartMenu />} />
        <NoRuns />
      </>
    );
  }
  return (
    <FilterBy value={filterBy}>
      <div className={place.page}>
        <PageHead title="Runs" actions={<StartMenu />} />
        <div className={place.tools}>
          <FilterBox
            label="Filter runs"
            placeholder="flow:digits  accuracy>0.9  since:2d"
            value={filter}
            onChange={(next, isDone) => setFilter(next, { replace: !isDone })}
            error={list.error}
            complete={completeFilter}
          />
          <div className={css.choices}>
            <StatusFacets statuses={list.statuses} filter={filter} onFilter={setFilter} />
            <GroupPanel page={list.names} by={by} onBy={setBy} />
            <ColumnsPanel {...table.panel} page={list.names} />
          </div>
        </div>
        <SameInAll page={list.names} total={list.total} notes={list.notes} />
        {list.ids.length > 0 ? (
          <VirtualTable
            label="Runs"
            ids={list.ids}
            rows={runRows}
            columns={table.columns}
            narrow={narrow}
            wide={wide}
            addressOf={addressOf}
            nameOf={nameOf}
            onOpen={open}
            onSeen={table.seen}
            onTop={live.onTop}
            isMoving={live.isMoving}
            pinned={table.pinned}
            sort={sort}
            onSort={setSort}
            cursor={cursor}
            onCursor={setCursor}
            selected={selected}
            onSelect={select}
            placeOf={placeOf}
            place={`/runs ${filter} ${sort} ${by}`}
          />
        ) : (
          <div className={place.empty}>
            {list.error ? (
              <WrongFilter error={list.error} onFilter={setFilter} />
            ) : by && filter === "" ? (
              <NoGroups by={by} onBy={setBy} />
            ) : (
              <NothingMatches filter={filter} onFilter={setFilter} />
            )}
          </div>
        )}
        {live.fresh > 0 && (
          <button type="button" className={place.pill} onClick={live.take}>
            {counted(live.fresh, "new run")}
          </button>
        )}
        <RunsFoot total={list.total} isPartial={list.isPartial} />
        <SelectionBar selected={selected.size} onCompare={compare} onClear={clear}>
          <SelectionActions ids={[...selected]} onDeleted={clear} />
        </SelectionBar>
        {rowFilters}
      </div>
    </FilterBy>
  );
}

function Coming() {
  return (
    <>
      <PageHead title="Runs" />
      <TableSkeleton>
        <p className={css.same} />
      </TableSkeleton>
    </>
  );
}

function NoGroups({ by, onBy }: { by: string; onBy: (by: string) => void }) {
  return (
    <div className={css.none}>
      <p>No run has a {by} to be grouped by.</p>
      <Button onClick={() => onBy("")}>Don't group</Button>
    </div>
  );
}

/** What can be done with the run at the cursor by a key. */
function useRowKeys(cursor: number | null, compare: () => void, filterBy: (term: string) => void): ReactNode {
  const [filtered, setFiltered] = useState<number | null>(null);
  const line = cursor === null ? undefined : runRows.get(cursor)?.line;
  const group = "Table";
  useKeys({
    c: { does: "Compare the selected", group, run: compare },
    f: { does: "Filter by a value of the row", group, run: () => setFiltered(cursor) },
    y: {
      does: "Copy the command that shows the run",
      group,
      run: () => {
        const now = cursor === null ? undefined : runRows.get(cursor)?.line;
        if (now) void copyText(`penstock show ${now.run}`);
      },
    },
  });
  const close = useCallback(() => setFiltered(null), []);
  const row = useMemo(
    () => (filtered === null ? null : document.querySelector(`[role=row][data-id="${filtered}"]`)),
    [filtered],
  );
  if (filtered === null || !line || line.id !== filtered) return null;
  return <RowFilters line={line} row={row} onTerm={filterBy} onClose={close} />;
}

const addressOf = (run: TableRun) => runAddress(run.line);
const nameOf = (run: TableRun) => run.line.run;

const completeFilter = (q: string, at: number, signal: AbortSignal) =>
  ask("/filter:complete", { query: { q, at }, signal });
