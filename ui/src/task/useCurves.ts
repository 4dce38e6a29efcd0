import { useEffect, useMemo, useState } from "react";
import { ask } from "@/api/ask";
import type { Query } from "@/api/types";
import type { Span } from "@/draw/scales";
import type { CurveSeries, CurveX } from "@/draw/series";
import { type LogPlace, pathOf } from "@/log/logPlace";
import { type AskCurve, CurveFeed } from "./curveFeed";

/** Points of each curve: twice what a chart is wide. */
const POINTS = 1200;

interface CurvesOf {
  place: LogPlace;
  names: readonly string[];
  x: CurveX & ("step" | "time");
  range: Span | null;
}

/** A curve for each name, open as long as somebody looks. */
export function useCurves({ place, names, x, range }: CurvesOf): Map<string, CurveFeed> {
  const key = JSON.stringify([pathOf(place), names, x, range]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says all of them
  const feeds = useMemo(
    () => new Map(names.map((name) => [name, new CurveFeed(askerOf(place, name, x, range))])),
    [key],
  );
  useEffect(() => {
    for (const feed of feeds.values()) feed.open();
    return () => {
      for (const feed of feeds.values()) feed.close();
    };
  }, [feeds]);
  return feeds;
}

/** The feeds as series, anew when one of them has changed. `places`: which colour each has. */
export function useSeries(feeds: readonly [string, CurveFeed][], places: ReadonlyMap<string, number>): CurveSeries[] {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const stops = feeds.map(([, feed]) => feed.subscribe(() => setVersion((now) => now + 1)));
    setVersion((now) => now + 1); // what came before somebody listened
    return () => {
      for (const stop of stops) stop();
    };
  }, [feeds]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says that the feeds have changed
  return useMemo(
    () =>
      feeds.flatMap(([name, { points }]) =>
        points ? [{ id: name, label: name, place: places.get(name) ?? 0, ...points }] : [],
      ),
    [feeds, places, version],
  );
}

/** Whether all have come once, or can't: heads of charts have their height by then. */
export function useHaveCome(feeds: ReadonlyMap<string, CurveFeed>): boolean {
  const [haveCome, setHaveCome] = useState(false);
  useEffect(() => {
    if (haveCome) return;
    const look = () => setHaveCome([...feeds.values()].every(({ points, error }) => points || error));
    look();
    const stops = [...feeds.values()].map((feed) => feed.subscribe(look));
    return () => {
      for (const stop of stops) stop();
    };
  }, [feeds, haveCome]);
  return haveCome;
}

function askerOf(place: LogPlace, name: string, x: "step" | "time", range: Span | null): AskCurve {
  const bounds = range ? { from: range[0], to: range[1] } : {};
  return (since, signal) => {
    const query: Query<"/runs/{flow}/{number}/metrics/{name}", "get"> = {
      x,
      points: POINTS,
      times: true,
      ...bounds,
      ...(since === undefined || range ? {} : { since }),
    };
    if ("run" in place)
      return ask("/runs/{flow}/{number}/metrics/{name}", { in: { ...place.run, name }, query, signal });
    const { flow, number, step, task } = place.task;
    return ask("/runs/{flow}/{number}/tasks/{step}/{task}/metrics/{name}", {
      in: { flow, number, step, task, name },
      query,
      signal,
    });
  };
}
