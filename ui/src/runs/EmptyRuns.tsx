import type { ApiError } from "@/api/ask";
import { useAsk } from "@/api/useAsk";
import { Button } from "@/parts/Button";
import { Empty } from "@/parts/Empty";
import { counted } from "@/words/numbers";
import css from "./RunsPage.module.css";

/** No run was made yet: what makes one. The page waits for it, and shows it as it appears. */
export function NoRuns() {
  return (
    <Empty
      title="No runs yet"
      lines={["A flow is a function of plain Python. In the project's folder, these make one and run it:"]}
      code={["penstock init", "penstock run flows/line.py --points 500"]}
    >
      <p className={css.waits}>
        <span className={css.pulse} aria-hidden /> This page waits for it: it appears here as it begins.
      </p>
    </Empty>
  );
}

interface NothingMatchesProps {
  filter: string;
  onFilter: (filter: string) => void;
}

/** No run is like that: which word of the filter leaves out most, and how to drop it. */
export function NothingMatches({ filter, onFilter }: NothingMatchesProps) {
  const { data } = useAsk("/filter:parts", { query: { filter } }, { keep: true });
  const helps = data?.rows.filter(({ runs }) => runs > 0) ?? [];
  return (
    <Empty title="Nothing matches">
      <p>
        No run is like <code>{filter}</code>.
        {helps.length === 0 && data && data.rows.length > 1 && " More than one of its words leaves out all runs."}
      </p>
      {helps.slice(0, 3).map(({ at, end, runs }) => (
        <Button
          key={at}
          onClick={() => onFilter(`${filter.slice(0, at)} ${filter.slice(end)}`.replace(/\s+/g, " ").trim())}
        >
          <span>
            Drop <code>{filter.slice(at, end)}</code> and see {counted(runs, "run")}
          </span>
        </Button>
      ))}
      <Button onClick={() => onFilter("")}>Drop the filter</Button>
    </Empty>
  );
}

/** The filter can't be understood, and no earlier answer is there to be shown below it. */
export function WrongFilter({ error, onFilter }: { error: ApiError; onFilter: (filter: string) => void }) {
  return (
    <Empty title="This filter can't be understood" lines={[error.message.split("\n")[0] ?? ""]}>
      <Button onClick={() => onFilter("")}>Drop the filter</Button>
    </Empty>
  );
}
