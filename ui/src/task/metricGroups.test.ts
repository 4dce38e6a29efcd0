import { describe, expect, it } from "vitest";
import { type MetricInfo, metricGroups } from "./metricGroups";

const named = (...names: string[]) => names.map((name) => ({ name }) as MetricInfo);
const told = (...names: string[]) =>
  metricGroups(named(...names)).map(({ title, metrics }) => `${title}: ${metrics.map((one) => one.name).join(" ")}`);

describe("metricGroups", () => {
  it("joins what measures the same", () => {
    expect(told("accuracy", "loss", "train_loss", "val_loss", "loss/test")).toEqual([
      "accuracy: accuracy",
      "loss: loss train_loss val_loss loss/test",
    ]);
  });

  it("leaves the name of one that is alone", () => {
    expect(told("train_loss", "test", "validity")).toEqual([
      "train_loss: train_loss",
      "test: test",
      "validity: validity",
    ]);
  });
});
