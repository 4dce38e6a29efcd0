import type { Schemas } from "@/api/types";
import { type CurveSeries, seriesOf } from "@/draw/series";

interface SystemChart {
  title: string;
  series: CurveSeries[];
}

interface Kind {
  title: string;
  /** Curves of the API, and what they are called in the chart. */
  names: Record<string, string>;
  isBytes: boolean;
}

const KINDS: Kind[] = [
  { title: "Processors", names: { "system/cpu": "busy" }, isBytes: false },
  { title: "Memory", names: { "system/memory": "used" }, isBytes: true },
  { title: "GPUs", names: { "system/gpu": "busy" }, isBytes: false },
  { title: "GPU memory", names: { "system/gpu_memory": "used" }, isBytes: true },
  { title: "Disk, a second", names: { "system/read": "read", "system/written": "written" }, isBytes: true },
  {
    title: "Network of the machine, a second",
    names: { "system/received": "received", "system/sent": "sent" },
    isBytes: true,
  },
];
const UNITS = ["B", "kiB", "MiB", "GiB", "TiB"];

/** From this share of it on the limit of memory stands in its chart: a far one would press the curve flat. */
const NEAR = 0.25;

/** Charts of what an attempt used, of those that were measured. Bytes are counted in the unit that fits the most. */
export function systemCharts(rows: readonly Schemas["CurveInfo"][], limit_bytes = 0): SystemChart[] {
  const known = new Map(rows.map((row) => [row.name, row]));
  const named = new Set(KINDS.flatMap((kind) => Object.keys(kind.names)));
  const others = rows
    .filter((row) => !named.has(row.name))
    .map(({ name }): Kind => ({ title: name.replace("system/", ""), names: { [name]: "" }, isBytes: false }));
  return [...KINDS, ...others].flatMap((kind) => {
    const series = Object.entries(kind.names).flatMap(([name, label], place) => {
      const row = known.get(name);
      return row ? [seriesOf(row, place, label || name)] : [];
    });
    if (series.length === 0) return [];
    if ("system/memory" in kind.names) series.push(...limitOf(series, limit_bytes));
    return [kind.isBytes ? inUnits(kind.title, series) : { title: kind.title, series }];
  });
}

/** The limit as a line of its own, where what was used comes near it. */
function limitOf(series: readonly CurveSeries[], limit_bytes: number): CurveSeries[] {
  const [used] = series;
  const [begin, end] = [used?.xs[0], used?.xs.at(-1)];
  if (used === undefined || begin === undefined || end === undefined || limit_bytes <= 0) return [];
  if (mostOf([used]) < NEAR * limit_bytes) return [];
  return [{ id: "limit", label: "limit", xs: [begin, end], ys: [limit_bytes, limit_bytes], place: 3, count: 0 }];
}

function mostOf(series: readonly CurveSeries[]): number {
  return Math.max(0, ...series.map(({ ys }) => Math.max(0, ...Array.from(ys).filter(Number.isFinite))));
}

function inUnits(title: string, series: CurveSeries[]): SystemChart {
  const most = mostOf(series);
  const power = Math.min(UNITS.length - 1, most < 1 ? 0 : Math.floor(Math.log(most) / Math.log(1024)));
  const [what, ...rest] = title.split(", ");
  const told = [what, ...rest.map((one) => one), UNITS[power]].join(", ");
  return {
    title: rest.length > 0 ? `${what}, ${UNITS[power]} ${rest.join(", ")}` : told,
    series: series.map((one) => ({ ...one, ys: Array.from(one.ys, (y) => y / 1024 ** power) })),
  };
}
