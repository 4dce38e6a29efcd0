import { lazy, Suspense } from "react";
import { type RunRef, runName } from "@/api/names";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { useParam } from "@/app/useParam";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { CodeLines } from "@/values/CodeLines";
import { counted } from "@/words/numbers";
import css from "./CodeTab.module.css";
import { type CodePiece, changeOf, codePieces, spanOf } from "./codePieces";
import tab from "./Tab.module.css";
import { TabSkeleton } from "./TabSkeleton";
import { useAgainst } from "./useAgainst";
import { useSources } from "./useSources";

const DiffView = lazy(() => import("@/values/DiffView"));

/** The code that a run ran with, beside that of another. */
export default function CodeTab({ run }: { run: RunRef }) {
  const { data, error } = useAsk("/runs/{flow}/{number}/code", { in: { ...run } });
  if (error) return <Failure error={error} />;
  if (data === undefined) return <TabSkeleton />;
  const pieces = codePieces(data);
  if (pieces.length === 0)
    return <Empty title="No code is known of this run" lines={["It was imported, or no task of it has begun."]} />;
  return <Code run={run} pieces={pieces} codes={data} />;
}

interface CodeProps {
  run: RunRef;
  pieces: readonly CodePiece[];
  codes: Schemas["RunCodes"];
}

function Code({ run, pieces, codes }: CodeProps) {
  const { base, isPending, picker } = useAgainst(run);
  const places = [...new Set(pieces.map((piece) => piece.place))];
  const mine = useSources(run, places);
  const other = useSources(base, places);
  const changes = new Map(
    pieces.map((piece) => [piece.id, changeOf(piece.definition, mine.of(piece.place), other.of(piece.place))]),
  );
  const changed = pieces.filter((piece) => changes.get(piece.id));
  const [chosen, choose] = useParam("piece", "");
  if (isPending || mine.isPending || other.isPending) return <div className={tab.page} data-view="code" />;
  const shown = pieces.find((piece) => piece.id === chosen) ?? changed[0] ?? pieces[0];
  const ordered = [...changed, ...pieces.filter((piece) => !changes.get(piece.id))];
  return (
    <div className={tab.page} data-view="code">
      <header className={tab.head}>
        <p>{base === null ? counted(pieces.length, "piece") : said(changed.length, runName(base))}</p>
        {picker}
      </header>
      <div className={css.both}>
        <Pieces pieces={ordered} changes={changes} shown={shown} onChoose={choose} unfollowed={unfollowedOf(codes)} />
        {shown && <Shown key={shown.id} run={run} base={base} piece={shown} mine={mine} other={other} />}
      </div>
    </div>
  );
}

function said(changed: number, base: string): string {
  if (changed === 0) return `all of its code is as in ${base}`;
  return `${counted(changed, "function", "functions")} ${changed === 1 ? "differs" : "differ"} from ${base}`;
}

function unfollowedOf(codes: Schemas["RunCodes"]): string[] {
  return [...new Set(codes.steps.flatMap((step) => step.unfollowed))];
}

interface PiecesProps {
  pieces: readonly CodePiece[];
  changes: ReadonlyMap<string, string>;
  shown: CodePiece | undefined;
  onChoose: (id: string) => void;
  unfollowed: readonly string[];
}

function Pieces({ pieces, changes, shown, onChoose, unfollowed }: PiecesProps) {
  return (
    <nav className={css.pieces} aria-label="Code">
      <ul>
        {pieces.map(({ id, name, kind, place, tasks }) => (
          <li key={id}>
            <button
              type="button"
              className={css.piece}
              aria-current={id === shown?.id ? "true" : undefined}
              title={place || undefined}
              onClick={() => onChoose(id)}
            >
              <bdi className={css.name}>{name}</bdi>
              <span className={changes.get(id) ? css.changed : css.kind}>
                {changes.get(id) || (kind === "step" && tasks > 1 ? counted(tasks, "task") : kind)}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {unfollowed.length > 0 && (
        <p className={css.unfollowed} title={unfollowed.join("\n")}>
          {counted(unfollowed.length, "reference")} could not be followed: {unfollowed[0]}
          {unfollowed.length > 1 && " …"}
        </p>
      )}
    </nav>
  );
}

interface ShownProps {
  run: RunRef;
  base: RunRef | null;
  piece: CodePiece;
  mine: ReturnType<typeof useSources>;
  other: ReturnType<typeof useSources>;
}

const FIRST_VIEW = "piece";

function Shown({ run, base, piece, mine, other }: ShownProps) {
  const [how, setHow] = useParam("show", FIRST_VIEW);
  const source = mine.of(piece.place);
  const before = other.of(piece.place);
  if (source === undefined) {
    return mine.isPending ? <div /> : <Failure error={mine.error} />;
  }
  const whole = how === "file";
  const span = whole ? null : spanOf(source, piece.definition);
  const there = before && (whole ? null : spanOf(before, piece.definition));
  const lines = span ? source.lines.slice(span.first - 1, span.last) : source.lines;
  const old = before && (there ? before.lines.slice(there.first - 1, there.last) : whole ? before.lines : undefined);
  const differs = old !== undefined && JSON.stringify(old) !== JSON.stringify(lines);
  return (
    <section className={css.shown} aria-label={piece.name}>
      <header className={css.head}>
        <code>
          {source.place}
          {span && `:${span.first}`}
        </code>
        <label className={css.whole}>
          <input type="checkbox" checked={whole} onChange={() => setHow(whole ? FIRST_VIEW : "file")} />
          whole file
        </label>
      </header>
      {differs && base ? (
        <Suspense fallback={<CodeLines lines={lines} first={span?.first ?? 1} />}>
          <DiffView
            before={old}
            after={lines}
            firstBefore={there?.first ?? 1}
            firstAfter={span?.first ?? 1}
            label={`${piece.name} of ${runName(base)} and ${runName(run)}`}
          />
        </Suspense>
      ) : (
        <CodeLines lines={lines} first={span?.first ?? 1} />
      )}
      {source.cut > 0 && <p className={css.cut}>cut: {source.cut.toLocaleString("en")} lines more</p>}
    </section>
  );
}
