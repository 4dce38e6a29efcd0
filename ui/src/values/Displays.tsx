import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { ask } from "@/api/ask";
import type { Schemas } from "@/api/types";
import { Button } from "@/parts/Button";
import { Empty } from "@/parts/Empty";
import { Failure } from "@/parts/Failure";
import { Slider } from "./ArrayView";
import style from "./Displays.module.css";
import { type DisplayGroup, displayGroups, displayPlace } from "./displayGroups";
import { valueAddress } from "./place";
import { useChanged } from "./useChanged";
import { ValuePreview } from "./ValuePreview";

interface DisplaysOf {
  flow: string;
  number: number | string;
  /** Of one task: its step and its number there. */
  step?: string;
  task?: number | string;
}

/** What a run, or one task of it, displayed. */
export function Displays({ of, quiet = false }: { of: DisplaysOf; quiet?: boolean }) {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useDisplays(of);
  const run = `${of.flow}/${of.number}`;
  useChanged([of.step === undefined ? `run:${run}` : `task:${run}/${of.step}/${of.task}`], refetch);
  if (error) return <Failure error={error} />;
  if (data === undefined) return null;
  const groups = displayGroups(data);
  if (groups.length === 0) return quiet ? null : <Nothing />;
  return (
    <div className={style.place}>
      <div className={style.gallery}>
        {groups.map((group) => (
          <DisplayFigure key={group.key} group={group} withTask={of.step === undefined} />
        ))}
        {hasNextPage && (
          <Button className={style.more ?? ""} onClick={() => fetchNextPage()} disabled={isFetchingNextPage}>
            More displays
          </Button>
        )}
      </div>
    </div>
  );
}

/** The displays of a run or a task, a hundred at a time. */
function useDisplays({ flow, number, step, task }: DisplaysOf) {
  const { data, ...found } = useInfiniteQuery({
    queryKey: ["displays", flow, String(number), step ?? "", String(task ?? "")],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }): Promise<Schemas["DisplaysPage"]> => {
      const query = pageParam === null ? {} : { cursor: pageParam };
      return step === undefined || task === undefined
        ? ask("/runs/{flow}/{number}/displays", { in: { flow, number }, query, signal })
        : ask("/runs/{flow}/{number}/tasks/{step}/{task}/displays", {
            in: { flow, number, step, task },
            query,
            signal,
          });
    },
    getNextPageParam: (page) => page.next,
  });
  return { ...found, data: data?.pages.flatMap((page) => page.rows) };
}

interface FigureProps {
  group: DisplayGroup;
  /** Say whose it is. */
  withTask?: boolean;
}

/** One thing that was displayed, or a series of it with a slider over its steps. */
function DisplayFigure({ group, withTask = false }: FigureProps) {
  const last = group.shown.length - 1;
  const [at, setAt] = useState(last);
  const place = Math.min(at, last);
  const shown = group.shown[place];
  if (shown === undefined) return null;
  const wide = (shown.value.schema?.length ?? 0) > 3 || shown.media === "text/html";
  return (
    <figure className={wide ? style.wide : style.figure} aria-label={group.name}>
      <figcaption className={style.caption}>
        <Link href={valueAddress(shown.value, displayPlace(shown))} className={style.name}>
          <bdi>{group.name}</bdi>
        </Link>
        {shown.caption && <bdi className={style.said}>{shown.caption}</bdi>}
        {withTask && (
          <Link href={`/runs/${shown.task.split("/").map(encodeURIComponent).join("/")}`} className={style.task}>
            <bdi>{shown.task.split("/").slice(2).join("/") || "the flow"}</bdi>
          </Link>
        )}
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <div className={style.body} tabIndex={0}>
        <ValuePreview value={shown.value} place={displayPlace(shown)} media={shown.media} tall={6} />
      </div>
      {last > 0 && (
        <Slider
          label="step"
          value={place}
          most={last}
          said={`${(shown.step ?? place).toLocaleString("en")} of ${(group.shown[last]?.step ?? last).toLocaleString("en")}`}
          onChange={setAt}
        />
      )}
      {shown.note && <p className={style.note}>{shown.note}</p>}
    </figure>
  );
}

function Nothing() {
  return (
    <Empty
      title="Nothing was displayed"
      lines={["A step or a flow shows a figure, a table, a picture or a text by"]}
      code={'display(figure, "name")'}
    />
  );
}
