import { ApiError } from "@/api/ask";
import css from "./Failure.module.css";
import { StatusMark } from "./StatusMark";

/** A part of the page that could not be had: why, and what mends it. The others stand. */
export function Failure({ error }: { error: Error | null }) {
  if (error === null) return null;
  const hint = error instanceof ApiError ? error.hint : null;
  return (
    <p className={css.failure} role="alert">
      <StatusMark status="failed" />
      <span>
        {error.message}
        {hint && <span className={css.hint}> {hint}</span>}
      </span>
    </p>
  );
}
