import css from "./StatusMark.module.css";

type Mark = "running" | "done" | "reused" | "failed" | "retry" | "waiting" | "cancelled";

/** The mark of each status that the API knows. A state is always shape, colour and word. */
const MARKS: Record<string, Mark> = {
  running: "running",
  done: "done",
  reused: "reused",
  failed: "failed",
  crashed: "failed",
  retry: "retry",
  warning: "retry",
  waiting: "waiting",
  ready: "waiting",
  cancelled: "cancelled",
  interrupted: "cancelled",
};

export function markOf(status: string): Mark {
  return MARKS[status] ?? "waiting";
}

/** The mark alone; its word is for screen readers, unless `silent` since the word stands beside it. */
export function StatusMark({ status, silent = false }: { status: string; silent?: boolean }) {
  const mark = markOf(status);
  return (
    <span className={css.place}>
      <svg className={css[mark]} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        {SHAPES[mark]}
      </svg>
      {!silent && <span className="unseen">{status}</span>}
    </span>
  );
}

/** The mark with its word. */
export function Status({ status, children }: { status: string; children?: string }) {
  return (
    <span className={css.status} data-mark={markOf(status)}>
      <StatusMark status={status} silent />
      {children ?? status}
    </span>
  );
}

const SHAPES: Record<Mark, React.ReactNode> = {
  running: (
    <>
      <circle cx="8" cy="8" r="5.5" opacity="0.28" />
      <path d="M8 2.5a5.5 5.5 0 0 1 5.500 5.500" className={css.turns} />
    </>
  ),
  done: <path d="m3 8.500 3.200 3.200L13 4.700" />,
  reused: (
    <>
      <path d="M3 7.200a5 5 0 0 1 9-2.200M13 8.800a5 5 0 0 1-9 2.200" />
      <path d="M12.400 2.200V5.300H9.300M3.600 13.800V10.700H6.700" />
    </>
  ),
  failed: <path d="m4 4 8 8m0-8-8 8" />,
  retry: (
    <>
      <path d="M8 3v6" />
      <path d="M8 12.700v.1" />
    </>
  ),
  waiting: <circle cx="8" cy="8" r="5.500" strokeDasharray="2.300 2.020" />,
  cancelled: (
    <>
      <circle cx="8" cy="8" r="5.500" />
      <path d="M5.300 8h5.400" />
    </>
  ),
};
