import { useCallback, useMemo, useRef, useState } from "react";
import { navigate } from "wouter/use-browser-location";
import { idsOf } from "@/api/indexIds";
import { useAsk } from "@/api/useAsk";
import { useKeys } from "@/app/keys";
import { useTitle } from "@/app/title";
import { useParam } from "@/app/useParam";
import { Choice } from "@/parts/Choice";
import { copyText } from "@/parts/CopyLine";
import { Empty } from "@/parts/Empty";
import { FilterBox } from "@/parts/FilterBox";
import { PageHead } from "@/parts/PageHead";
import { TableFoot } from "@/parts/TableFoot";
import place from "@/parts/TablePage.module.css";
import { TableSkeleton } from "@/parts/TableSkeleton";
import { VirtualTable } from "@/parts/VirtualTable";
import { pythonLine, valueAddress } from "@/values/place";
import { useChanged } from "@/values/useChanged";
import { count, counted } from "@/words/numbers";
import { ArtifactLines, artifactColumns } from "./artifactColumns";
import { type ArtifactLine, artifactRows, KINDS, kindOf, useArtifactRows, withKind } from "./artifactRows";

/** The results of all tasks, as a table. */
export default function ArtifactsPage() {
  useTitle("Artifacts");
  const [filter, setFilter] = useParam("filter", "");
  const [sort, setSort] = useParam("sort", "");
  const [cursor, setCursor] = useState<number | null>(null);
  const index = useAsk("/artifacts:index", { query: { filter, sort } }, { keep: true });
  const { refetch } = index;
  const ids = useMemo(() => (index.data ? idsOf(index.data) : []), [index.data]);
  const { seen, again, error } = useArtifactRows();
  const fresh = useCallback(() => {
    void refetch();
    again();
  }, [refetch, again]);
  const onTop = useFresh(fresh);
  useCopyKey(cursor);
  if (index.data === undefined && index.error === null) return <Coming />;
  if (index.data?.total === 0 && filter === "") return <NoArtifacts />;
  return (
    <div className={place.page}>
      <PageHead title="Artifacts" />
      <div className={place.tools}>
        <FilterBox
          label="Filter artifacts"
          placeholder="flow:digits  type:DataFrame  used_by:train  size>1MB"
          value={filter}
          onChange={(next, isDone) => setFilter(next, { replace: !isDone })}
          error={index.error}
        />
        <Choice
          label="Kind"
          options={KINDS}
          value={kindOf(filter)}
          onChange={(kind) => setFilter(withKind(filter, kind))}
        />
      </div>
      {ids.length > 0 && index.error === null ? (
        <VirtualTable
          label="Artifacts"
          ids={ids}
          rows={artifactRows}
          columns={artifactColumns}
          narrow={ArtifactLines}
          addressOf={addressOf}
          nameOf={nameOf}
          onOpen={open}
          onSeen={seen}
          onTop={onTop}
          sort={sort}
          onSort={(next) => setSort(next === "-size" ? next : "")}
          cursor={cursor}
          onCursor={setCursor}
          place={`/artifacts ${filter} ${sort}`}
        />
      ) : (
        <div className={place.empty}>
          {index.error === null && <Empty title="No result matches" lines={[`Nothing of "${filter}".`]} />}
        </div>
      )}
      <Foot total={index.data?.total ?? 0} shown={ids.length} error={error} />
    </div>
  );
}

const addressOf = (line: ArtifactLine) => valueAddress(line.value, { of: line.of });
const nameOf = (line: ArtifactLine) => line.of;

function open(id: number): void {
  const line = artifactRows.get(id);
  if (line) navigate(addressOf(line));
}

function useCopyKey(cursor: number | null): void {
  const copy = () => {
    const line = cursor === null ? undefined : artifactRows.get(cursor);
    if (line) void copyText(pythonLine({ of: line.of }));
  };
  useKeys({ y: { does: "Copy the line that loads it", group: "Table", run: copy } });
}

/** Asks again when runs have changed, as long as the reader is at the top. */
function useFresh(askAgain: () => void): (isAtTop: boolean) => void {
  const isAtTop = useRef(true);
  const look = useChanged(["runs"], askAgain, () => isAtTop.current);
  return useCallback(
    (now: boolean) => {
      isAtTop.current = now;
      look();
    },
    [look],
  );
}

function Foot({ total, shown, error }: { total: number; shown: number; error: Error | null }) {
  return (
    <TableFoot keys={KEYS}>
      {counted(total, "result")}
      {shown < total && `, of which the first ${count(shown)} are here`}
      {error && `; rows could not be had: ${error.message}`}
    </TableFoot>
  );
}

const KEYS: [string[], string][] = [
  [["j", "k"], "move"],
  [["Enter"], "open"],
  [["y"], "copy"],
];

function Coming() {
  return (
    <>
      <PageHead title="Artifacts" />
      <TableSkeleton />
    </>
  );
}

function NoArtifacts() {
  return (
    <>
      <PageHead title="Artifacts" />
      <Empty
        title="No results yet"
        lines={["What a step returns is kept, and is listed here with its type, its shape and its size."]}
        code="penstock run FILE"
      />
    </>
  );
}
