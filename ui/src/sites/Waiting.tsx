import { Link } from "wouter";
import { parseRun, runAddress } from "@/api/names";
import { StatusMark } from "@/parts/StatusMark";
import { counted } from "@/words/numbers";
import css from "./SitesPage.module.css";
import type { Site } from "./siteWords";

/** What waits for a site, and why. */
export function Waiting({ tasks }: { tasks: Site["waiting"] }) {
  if (tasks.length === 0) return null;
  return (
    <ul className={css.waiting} aria-label="What waits">
      {tasks.map((one) => {
        const of = parseRun(one.run);
        return (
          <li key={`${one.run} ${one.step} ${one.why}`}>
            <StatusMark status="waiting" />
            <span>
              {counted(one.tasks, "task")} of{" "}
              <Link href={of ? runAddress(of, { node: one.step }) : "/runs"}>
                <bdi>
                  {one.run}/{one.step}
                </bdi>
              </Link>{" "}
              {one.tasks === 1 ? "waits" : "wait"}: <span className={css.why}>{one.why}</span>
            </span>
          </li>
        );
      })}
    </ul>
  );
}
