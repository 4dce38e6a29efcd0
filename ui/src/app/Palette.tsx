import { useState } from "react";
import { navigate } from "wouter/use-browser-location";
import { type Startable, useStartable } from "@/actions/useStartable";
import { useAsk } from "@/api/useAsk";
import { Dialog } from "@/parts/Dialog";
import { Kbd } from "@/parts/Kbd";
import { counted } from "@/words/numbers";
import type { Key } from "./keys";
import css from "./Palette.module.css";
import { hitAddress, score } from "./search";

interface Entry {
  id: string;
  name: string;
  detail: string;
  key: string;
  run: () => void;
}

interface PaletteProps {
  /** What could be done when it was opened. */
  commands: { key: string; does: Key }[];
  onClose: () => void;
  /** A flow was chosen to be started. */
  onStart: (flow: Startable) => void;
}

/** Everything that can be done, and everything that has a name, by typing. */
export default function Palette({ commands, onClose, onStart }: PaletteProps) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const starts = useStartable().map((flow) => ({
    key: "",
    does: { does: `Start ${flow.flow}…`, run: () => onStart(flow) },
  }));
  const entries = useEntries([...commands, ...starts], typed.trim());
  const chosen = Math.min(at, entries.length - 1);

  function take(entry: Entry | undefined): void {
    if (!entry) return;
    onClose();
    entry.run();
  }

  function onKeyDown(event: React.KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((chosen + step + entries.length) % Math.max(1, entries.length));
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      take(entries[chosen]);
    }
  }

  return (
    <Dialog title="Search" onClose={onClose} quiet>
      <input
        className={css.input}
        role="combobox"
        aria-expanded="true"
        aria-controls="palette"
        aria-activedescendant={entries[chosen] ? `palette-${chosen}` : undefined}
        aria-label="Search runs, flows, steps, tags and commands"
        placeholder="Search runs, flows, steps, tags and commands"
        spellCheck={false}
        autoComplete="off"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id="palette" role="listbox" aria-label="Found" className={css.list}>
        {entries.map((entry, i) => (
          <Line key={entry.id} entry={entry} place={i} isChosen={i === chosen} onMove={setAt} onTake={take} />
        ))}
      </div>
      {entries.length === 0 && <p className={css.none}>Nothing is called so.</p>}
    </Dialog>
  );
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

interface LineProps {
  entry: Entry;
  place: number;
  isChosen: boolean;
  onMove: (place: number) => void;
  onTake: (entry: Entry) => void;
}

function Line({ entry, place, isChosen, onMove, onTake }: LineProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the focus and takes the keys
    <div
      id={`palette-${place}`}
      role="option"
      tabIndex={-1}
      aria-selected={isChosen}
      className={css.entry}
      ref={(element) => {
        if (isChosen) element?.scrollIntoView?.({ block: "nearest" });
      }}
      onPointerMove={() => onMove(place)}
      onClick={() => onTake(entry)}
    >
      <span className={css.name}>{entry.name}</span>
      <span className={css.detail}>{entry.detail}</span>
      {entry.key && <Kbd keys={entry.key} />}
    </div>
  );
}

function useEntries(commands: PaletteProps["commands"], typed: string): Entry[] {
  const { data, isPlaceholderData } = useAsk(
    "/search",
    { query: { q: typed, limit: 12 } },
    { skip: typed === "", keep: true },
  );
  const found = commands
    .map(({ key, does }, i) => ({ key, does, order: i, rank: score(does.does, typed) }))
    .filter(({ rank }) => rank > 0)
    .sort((one, other) => other.rank - one.rank || one.order - other.order)
    .map(({ key, does }) => ({ id: `${key} ${does.does}`, name: does.does, detail: "", key, run: does.run }));
  if (typed === "") return found;
  // Enter takes what was typed, also before it was answered.
  const rows = (data?.rows ?? []).filter(({ name }) => !isPlaceholderData || score(name, typed) > 0);
  const hits = rows.map((hit) => ({
    id: `${hit.kind} ${hit.name}`,
    name: hit.name,
    detail: hit.kind === "run" ? "run" : `${hit.kind}, ${counted(hit.runs, "run")}`,
    key: "",
    run: () => navigate(hitAddress(hit)),
  }));
  return [...hits, ...found];
}
