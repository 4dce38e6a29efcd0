import { describe, expect, it } from "vitest";
import type { Schemas } from "@/api/types";
import {
  askedFor,
  columnsOf,
  joinedParams,
  metricNames,
  sameInAll,
  usualColumns,
  withColumn,
  withWhich,
} from "./columns";

const metric = (name: string, runs: number, steps: string[] = ["train"], is_curve = false) => ({
  name,
  runs,
  steps,
  is_curve,
});
const page: Schemas["ColumnsPage"] = {
  params: [
    { name: "depth", runs: 10, is_same: false, value: null },
    { name: "seed", runs: 10, is_same: true, value: 0 },
    { name: "only", runs: 1, is_same: true, value: 1 },
    { name: "a,b", runs: 1, is_same: true, value: 1 },
    { name: "loss", runs: 1, is_same: true, value: 1 },
  ],
  metrics: [
    metric("accuracy", 10, [""]),
    metric("loss", 9, ["test", "train"], true),
    metric("val_loss", 9, ["train"], true),
    metric("odd", 1),
  ],
  partial: false,
};

describe("columns", () => {
  it("names metrics by their step where several log them", () => {
    expect(metricNames(page)).toEqual(["accuracy", "test.loss", "train.loss", "val_loss", "odd"]);
  });

  it("shows what most runs have: figures, and one curve", () => {
    expect(usualColumns(page)).toBe("accuracy,val_loss.curve");
    expect(usualColumns({ params: [], metrics: [], partial: false })).toBe("");
    const both = [metric("accuracy", 10, ["", "train"], true), metric("loss", 10, ["train"], true)];
    expect(usualColumns({ ...page, metrics: both })).toBe("accuracy,loss.curve");
  });

  it("reads the address", () => {
    expect(columnsOf("depth,accuracy.max,train.loss.curve,accuracy,depth", page)).toEqual([
      { word: "depth", name: "depth", kind: "param", which: "last" },
      { word: "accuracy.max", name: "accuracy", kind: "metric", which: "max" },
      { word: "train.loss.curve", name: "train.loss", kind: "metric", which: "curve" },
      { word: "accuracy", name: "accuracy", kind: "metric", which: "last" },
    ]);
  });

  it("says once what all runs have", () => {
    expect(sameInAll(page, 10).map(({ name }) => name)).toEqual(["seed"]);
    expect(sameInAll(page, 1)).toEqual([]);
  });

  it("joins the parameters that have no column of their own, and says which `loss` is meant", () => {
    const shown = columnsOf("depth", page);
    expect(joinedParams(page, 10, shown)).toEqual(["only", "loss"]);
    expect(joinedParams({ ...page, metrics: [metric("loss", 1)] }, 10, shown)).toEqual(["only", "params.loss"]);
  });

  it("asks for the last value of a curve", () => {
    expect(askedFor(columnsOf("val_loss.curve,val_loss,accuracy.min", page), ["depth"])).toEqual([
      "val_loss",
      "accuracy.min",
      "depth",
    ]);
  });

  it("adds, takes away and turns", () => {
    const shown = columnsOf("accuracy,val_loss.curve", page);
    expect(withColumn("accuracy", "depth", true)).toBe("accuracy,depth");
    expect(withColumn("accuracy,depth", "accuracy", false)).toBe("depth");
    expect(shown[1] && withWhich("accuracy,val_loss.curve", shown[1], "last")).toBe("accuracy,val_loss");
    expect(shown[0] && withWhich("accuracy,val_loss.curve", shown[0], "max")).toBe("accuracy.max,val_loss.curve");
  });
});
