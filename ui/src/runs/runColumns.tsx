import { StatusMark } from "@/parts/StatusMark";
import type { Column } from "@/parts/tableColumns";
import type { ShownColumn } from "./columns";
import { PinBest } from "./PinBest";
import { Metric, MetricCurve, Param, Params, RunName, Started, Tags, Tasks, Took } from "./RunCells";
import type { TableRun } from "./runRows";

/** Columns that are there whatever runs have; any but the first two can be left out. */
export const BUILT_IN = ["parameters", "started", "took", "tags", "tasks"] as const;

const SAID: Record<string, string> = { min: "smallest", max: "largest", first: "first" };

interface TableColumnsOptions {
  shown: readonly ShownColumn[];
  /** Parameters that stand in one column. */
  joined: readonly string[];
  hidden: ReadonlySet<string>;
  /** How deep a fork stands below what it was made from. */
  depths: ReadonlyMap<number, number>;
  best: string;
  onBest: (best: string) => void;
}

export function tableColumns(options: TableColumnsOptions): Column<TableRun>[] {
  const { shown, joined, hidden, depths, best, onBest } = options;
  const params: Column<TableRun> = {
    id: "parameters",
    title: "Parameters",
    width: 150,
    grow: 3,
    cell: (run) => <Params run={run} names={joined} />,
  };
  const built: Column<TableRun>[] = [
    ...(joined.length > 0 ? [params] : []),
    { id: "started", title: "Started", width: 92, end: true, cell: (run) => <Started run={run} /> },
    {
      id: "took",
      title: "Took",
      width: 72,
      end: true,
      sort: "took",
      downFirst: true,
      cell: (run) => <Took run={run} />,
    },
    ...shown.map((column) => ({
      ...columnOf(column),
      ...(column.kind === "metric" && { action: <PinBest column={column} best={best} onBest={onBest} /> }),
    })),
    { id: "tags", title: "Tags", width: 96, grow: 1, cell: (run) => <Tags run={run} /> },
    { id: "tasks", title: "Tasks", width: 118, end: true, cell: (run) => <Tasks run={run} /> },
  ];
  return [
    {
      id: "status",
      title: <span className="unseen">Status</span>,
      width: 14,
      cell: (run) => <StatusMark status={run.line.status} />,
    },
    {
      id: "run",
      title: "Run",
      width: 168,
      grow: 2,
      cell: (run, id) => <RunName run={run} depth={depths.get(id) ?? 0} />,
    },
    ...built.filter(({ id }) => !hidden.has(id)),
  ];
}

function columnOf(column: ShownColumn): Column<TableRun> {
  const { word, name, which, kind } = column;
  const title = (
    <span title={word}>
      {name.replace(/^params\./, "")}
      {SAID[which] && <small> {SAID[which]}</small>}
    </span>
  );
  if (kind === "param") {
    return { id: `column ${word}`, title, width: 92, sort: word, cell: (run) => <Param run={run} name={word} /> };
  }
  if (which === "curve") {
    return {
      id: `column ${word}`,
      title,
      width: 112,
      end: true,
      sort: name,
      downFirst: true,
      cell: (run) => <MetricCurve run={run} name={name} />,
    };
  }
  return {
    id: `column ${word}`,
    title,
    width: 84,
    end: true,
    sort: word,
    downFirst: true,
    cell: (run) => <Metric run={run} word={word} />,
  };
}
