import { Link } from "wouter";
import type { Schemas } from "@/api/types";
import { StatusMark } from "@/parts/StatusMark";
import type { ValuePlace } from "@/values/place";
import style from "./ValueLineage.module.css";

const FIRST = 12;

/** Which tasks made a value, and what it was given to, as far as that is known. */
export function Lineage({ lineage, place }: { lineage: Schemas["LineageInfo"]; place: ValuePlace }) {
  const { made_by, used_by, partial } = lineage;
  const owner = place.of.split("/").length > 2 ? place.of : "";
  return (
    <section className={style.sides} aria-label="Where it came from and where it went">
      <div>
        <h2>Made by</h2>
        {made_by.length === 0 && (
          <p className={style.none}>{owner ? <TaskLink task={owner} /> : `the flow of ${place.of}`}</p>
        )}
        <ul className={style.list}>
          {made_by.slice(0, FIRST).map(({ task, status, origin }) => (
            <li key={task}>
              <StatusMark status={origin ? "reused" : status} />
              <TaskLink task={task} />
              {origin && (
                <span className={style.from}>
                  taken from <TaskLink task={origin} />
                </span>
              )}
            </li>
          ))}
        </ul>
        <More all={made_by.length} />
      </div>
      <div>
        <h2>Given to</h2>
        {used_by.length === 0 && <p className={style.none}>no task, and what the flow itself does is not noted</p>}
        <ul className={style.list}>
          {used_by.slice(0, FIRST).map(({ task, inputs }) => (
            <li key={task}>
              <TaskLink task={task} />
              <span className={style.from}>
                as <bdi className={style.code}>{inputs.join(", ")}</bdi>
              </span>
            </li>
          ))}
        </ul>
        <More all={used_by.length} />
      </div>
      {partial && <p className={style.partial}>There may be more of either: not every task was looked at.</p>}
    </section>
  );
}

export function TaskLink({ task }: { task: string }) {
  return (
    <Link href={`/runs/${task.split("/").map(encodeURIComponent).join("/")}`} className={style.task}>
      <bdi>{task}</bdi>
    </Link>
  );
}

function More({ all }: { all: number }) {
  return all > FIRST ? <p className={style.none}>and {(all - FIRST).toLocaleString("en")} more</p> : null;
}
