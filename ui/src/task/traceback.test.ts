import { describe, expect, it } from "vitest";
import { failingFrame, framesOf, shortPath } from "./traceback";

const PLAIN = `Traceback (most recent call last):
  File "/home/ada/churn/shapes.py", line 61, in train
    return pick(data, depth)
  File "/home/ada/churn/lib/picking.py", line 7, in pick
    return int(data[depth])
               ~~~~^^^^^^^
IndexError: index 13 is out of bounds for axis 0 with size 8
`;

describe("framesOf", () => {
  it("tells where each call stands, and what stands there", () => {
    expect(framesOf(PLAIN)).toEqual([
      { file: "/home/ada/churn/shapes.py", line: 61, name: "train", code: "return pick(data, depth)" },
      { file: "/home/ada/churn/lib/picking.py", line: 7, name: "pick", code: "return int(data[depth])" },
    ]);
    expect(failingFrame(PLAIN)?.line).toBe(7);
  });

  it("has those of the last error alone where one came of another", () => {
    const both = `${PLAIN}
During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/home/ada/churn/shapes.py", line 70, in train
RuntimeError: no such depth
`;
    expect(framesOf(both)).toEqual([{ file: "/home/ada/churn/shapes.py", line: 70, name: "train", code: "" }]);
  });

  it("finds none where there are none", () => {
    expect(framesOf("")).toEqual([]);
    expect(failingFrame("killed: out of memory")).toBeUndefined();
  });
});

describe("shortPath", () => {
  it("leaves out the flow's folder", () => {
    expect(shortPath("/home/ada/churn/lib/picking.py", "/home/ada/churn/shapes.py")).toBe("lib/picking.py");
    expect(shortPath("/usr/lib/x.py", "/home/ada/churn/shapes.py")).toBe("/usr/lib/x.py");
    expect(shortPath("x.py", "")).toBe("x.py");
  });
});
