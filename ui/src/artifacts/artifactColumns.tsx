import { Name } from "@/parts/Name";
import { StatusMark } from "@/parts/StatusMark";
import type { Column } from "@/parts/VirtualTable";
import { shapeText } from "@/values/kinds";
import { bytes, count } from "@/words/numbers";
import { ago, moment } from "@/words/times";
import css from "./ArtifactsPage.module.css";
import type { ArtifactLine } from "./artifactRows";

/** What a table of results says of each. */
export const artifactColumns: readonly Column<ArtifactLine>[] = [
  { id: "of", title: "Result of", width: 220, grow: 2, cell: (line) => <Of line={line} /> },
  { id: "type", title: "Type", width: 150, grow: 1, cell: (line) => <span className={css.type}>{typeOf(line)}</span> },
  { id: "shape", title: "Shape", width: 104, end: true, cell: shapeOf },
  {
    id: "size",
    title: "Size",
    width: 80,
    end: true,
    sort: "size",
    downFirst: true,
    cell: sizeOf,
  },
  {
    id: "text",
    title: "Preview",
    width: 200,
    grow: 3,
    cell: (line) => <bdi className={css.text}>{line.value.text}</bdi>,
  },
  { id: "used", title: "Used by", width: 150, grow: 1, cell: usedBy },
  { id: "made", title: "Made", width: 104, end: true, cell: madeAt },
];

function Of({ line: { of, origin } }: { line: ArtifactLine }) {
  const [flow = "", number = "", ...task] = of.split("/");
  return (
    <span className={css.of}>
      <span className={css.run}>
        <Name text={flow} max={18} />/{number}/
      </span>
      <Name text={task.join("/")} max={24} />
      {origin && (
        <span className={css.reused} title={`taken over from ${origin}`}>
          <StatusMark status="reused" />
        </span>
      )}
    </span>
  );
}

function typeOf({ value }: ArtifactLine): string {
  return value.type.replace(/^.*\.(?=[A-Z])/, "");
}

function shapeOf({ value }: ArtifactLine) {
  if (value.shape) return <span className={css.quiet}>{shapeText(value.shape)}</span>;
  return <span className={css.quiet}>{value.length === null ? "" : value.length.toLocaleString("en")}</span>;
}

function sizeOf({ value }: ArtifactLine) {
  return <span className={css.quiet}>{bytes(value.size_bytes)}</span>;
}

function usedBy(line: ArtifactLine) {
  const text = usersText(line);
  return (
    <span className={css.type} title={text}>
      {text || <span className={css.quiet}>–</span>}
    </span>
  );
}

/** `train ×6, report`: the steps of its run that were given it. */
export function usersText({ used_by = [], used_partial }: Pick<ArtifactLine, "used_by" | "used_partial">): string {
  const named = used_by.map(({ step, tasks }) => (tasks > 1 ? `${step} ×${count(tasks)}` : step));
  return [...named, ...(used_partial ? ["and maybe more"] : [])].join(", ");
}

function madeAt({ began_at }: ArtifactLine) {
  if (began_at === null) return <span className={css.quiet}>–</span>;
  return (
    <time className={css.quiet} dateTime={began_at} title={moment(began_at)}>
      {ago(began_at)}
    </time>
  );
}

/** The same in two lines, on a phone. */
export function ArtifactLines(line: ArtifactLine) {
  const { value } = line;
  const shape = value.shape ? shapeText(value.shape) : "";
  return (
    <div className={css.lines}>
      <span className={css.first}>
        <Of line={line} />
        <span className={css.quiet}>{bytes(value.size_bytes)}</span>
      </span>
      <span className={css.second}>
        {typeOf(line)} {shape} <bdi className={css.text}>{value.text}</bdi>
      </span>
    </div>
  );
}
