import { useMemo } from "react";
import { navigate } from "wouter/use-browser-location";
import { parseRun, runAddress } from "@/api/names";
import { useParam } from "@/app/useParam";
import { Scatter } from "@/draw/Scatter";
import { PickOne } from "@/parts/PickOne";
import { axisValue, isLog } from "./brushes";
import type { Item } from "./comparison";
import css from "./PlotView.module.css";
import type { Compared } from "./useComparison";

/** The runs as points, by any two of what they were given and have logged. */
export default function ScatterView({ compared }: { compared: Compared }) {
  const { data, items, metric, kept } = compared;
  const choices = useMemo(() => items.filter(({ kind }) => ["metric", "parameter", "seed"].includes(kind)), [items]);
  const [x, setX] = useParam("across", choices.find(({ kind }) => kind === "parameter")?.name ?? "");
  const [y, setY] = useParam("up", metric);
  const [across, up] = [named(choices, x), named(choices, y)];
  const runs = data?.runs;
  const points = useMemo(
    () =>
      across && up && runs
        ? runs.map(({ id }, place) => ({
            id,
            label: id,
            place,
            x: axisValue(across, place),
            y: axisValue(up, place),
            faint: !kept.has(place),
          }))
        : [],
    [across, up, runs, kept],
  );
  if (!across || !up) return <p className={css.nothing}>These runs differ in fewer than two parameters and metrics.</p>;
  return (
    <div className={css.view}>
      <div className={css.tools}>
        <Axis label="across" choices={choices} value={x} onChange={setX} />
        <Axis label="up" choices={choices} value={y} onChange={setY} />
      </div>
      <Scatter
        title={`${y} by ${x}`}
        points={points}
        xName={x}
        yName={y}
        xLog={isLog(across)}
        yLog={isLog(up)}
        height={420}
        onPick={open}
      />
    </div>
  );
}

function open(id: string): void {
  const run = parseRun(id);
  if (run) navigate(runAddress(run));
}

function named(items: readonly Item[], name: string): Item | undefined {
  return items.find((item) => item.name === name);
}

interface AxisProps {
  label: string;
  choices: readonly Item[];
  value: string;
  onChange: (name: string) => void;
}

function Axis({ label, choices, value, onChange }: AxisProps) {
  return (
    <PickOne code label={label} value={value} onChange={onChange}>
      {choices.map(({ kind, name }) => (
        <option key={`${kind} ${name}`}>{name}</option>
      ))}
    </PickOne>
  );
}
