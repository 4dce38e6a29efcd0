import { count, counted } from "@/words/numbers";

/** What a dry run prints: docs/reference.md has it. */
interface Forecast {
  steps: { step: string; reused: number; run: number; whys: Record<string, number> }[];
  /** The step whose result is not there yet: what comes after it can't be told. "" where all is told. */
  stopped_at: string;
  left: Record<string, number>;
  error: string;
}

const MOST = 4;

/** What a dry run foretells, in a few lines: what is run and why, what is reused, what nobody can tell yet. */
export function forecastLines(result: unknown): string[] {
  if (!isForecast(result)) return [];
  const { steps, stopped_at, left, error } = result;
  const run = steps.filter((one) => one.run > 0);
  const reused = steps.reduce((sum, one) => sum + one.reused, 0);
  const lines = run.slice(0, MOST).map(runLine);
  if (run.length > MOST) lines.push(`and of ${counted(run.length - MOST, "other step")}`);
  if (reused > 0) lines.push(`reuses ${counted(reused, "task")}`);
  if (stopped_at) lines.push(restLine(stopped_at, left));
  else if (run.length === 0 && !error) lines.push("runs nothing: every result is there");
  if (error) lines.push(`then it fails: ${error}`);
  return lines;
}

function runLine({ step, run, whys }: Forecast["steps"][number]): string {
  const [why] = Object.entries(whys).sort((one, other) => other[1] - one[1]);
  const more = Object.keys(whys).length - 1;
  const told = why ? `: ${why[0]}${more > 0 ? `, and ${counted(more, "other reason")}` : ""}` : "";
  return `runs ${counted(run, "task")} of ${step}${told}`;
}

function restLine(stoppedAt: string, left: Record<string, number>): string {
  const tasks = Object.values(left).reduce((sum, one) => sum + one, 0);
  const before = tasks > 0 ? `, ${count(tasks)} tasks in the run before` : "";
  return `what follows ${stoppedAt} depends on its result${before}`;
}

function isForecast(result: unknown): result is Forecast {
  return typeof result === "object" && result !== null && "steps" in result && Array.isArray(result.steps);
}
