import { cleanup, fireEvent, render } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Layer } from "@/parts/Layer";
import { boundKeys, type Keys, keyName, listen, useKeys } from "./keys";

let leave = () => {};
beforeEach(() => {
  leave = listen(window);
});
afterEach(() => {
  cleanup();
  leave();
});

function Bound({ keys }: { keys: Keys }) {
  useKeys(keys);
  return <input aria-label="filter" />;
}

function pressed(...keys: string[]): void {
  for (const key of keys) fireEvent.keyDown(document.body, { key, shiftKey: /^[A-Z]$/.test(key) });
}

describe("useKeys", () => {
  it("runs keys, pairs of them, and capitals by either name", () => {
    const told: string[] = [];
    const key = (does: string) => ({ does, run: () => void told.push(does) });
    render(
      <Bound keys={{ j: key("next"), "g g": key("start"), G: key("end"), "Shift X": key("range"), g: key("never") }} />,
    );
    pressed("j", "G", "X");
    expect(told).toEqual(["next", "end", "range"]);
  });

  it("takes two keys for a pair within a second", () => {
    const run = vi.fn();
    render(<Bound keys={{ "g g": { does: "start", run } }} />);
    pressed("g", "g");
    expect(run).toHaveBeenCalledTimes(1);
    pressed("g", "j", "g");
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("leaves what is typed into a field to the field, but for Ctrl", () => {
    const run = vi.fn();
    const { getByLabelText } = render(<Bound keys={{ j: { does: "next", run }, "Ctrl K": { does: "search", run } }} />);
    fireEvent.keyDown(getByLabelText("filter"), { key: "j" });
    expect(run).not.toHaveBeenCalled();
    fireEvent.keyDown(getByLabelText("filter"), { key: "k", ctrlKey: true });
    expect(run).toHaveBeenCalledTimes(1);
  });

  it("hears only those of an open dialog while it is open", () => {
    const [page, dialog] = [vi.fn(), vi.fn()];
    const shown = render(<Bound keys={{ j: { does: "next", run: page } }} />);
    const inDialog = render(
      <Layer>
        <Bound keys={{ y: { does: "copy", run: dialog } }} />
      </Layer>,
    );
    pressed("j", "y");
    expect([page.mock.calls.length, dialog.mock.calls.length]).toEqual([0, 1]);
    expect(boundKeys().map(([key]) => key)).toEqual(["y"]);
    inDialog.unmount();
    pressed("j");
    expect(page).toHaveBeenCalledTimes(1);
    shown.unmount();
    expect(boundKeys()).toEqual([]);
  });

  it("names keys as they are bound", () => {
    const plain = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
    expect(keyName({ ...plain, key: "?", shiftKey: true })).toBe("?");
    expect(keyName({ ...plain, key: "k", metaKey: true })).toBe("Ctrl K");
    expect(keyName({ ...plain, key: "ArrowUp", shiftKey: true })).toBe("Shift Up");
    expect(keyName({ ...plain, key: "Shift", shiftKey: true })).toBe("");
  });
});
