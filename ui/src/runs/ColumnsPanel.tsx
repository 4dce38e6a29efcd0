import { Columns3 } from "lucide-react";
import { useState } from "react";
import type { Schemas } from "@/api/types";
import { Panel } from "@/parts/Panel";
import { counted } from "@/words/numbers";
import css from "./ColumnsPanel.module.css";
import { metricNames, type ShownColumn, type Which, withColumn, withWhich } from "./columns";
import { BUILT_IN } from "./runColumns";

interface ColumnsPanelProps {
  page: Schemas["ColumnsPage"];
  shown: readonly ShownColumn[];
  onShown: (words: string) => void;
  hidden: ReadonlySet<string>;
  onHidden: (hidden: ReadonlySet<string>) => void;
}

const MOST = 60;
const WHICH: Record<Which, string> = {
  last: "last",
  max: "largest",
  min: "smallest",
  first: "first",
  curve: "curve",
};

/** Which columns the table has. */
export function ColumnsPanel(props: ColumnsPanelProps) {
  return (
    <Panel label="Columns" icon={<Columns3 aria-hidden />}>
      {() => <Choices {...props} />}
    </Panel>
  );
}

function Choices({ page, shown, onShown, hidden, onHidden }: ColumnsPanelProps) {
  const [part, setPart] = useState("");
  const words = shown.map(({ word }) => word).join(",");
  const runs = new Map([...page.metrics, ...page.params].map(({ name, runs }) => [name, runs]));
  const metrics = metricNames(page);
  const taken = new Set(metrics);
  const params = page.params.map(({ name }) => (taken.has(name) ? `params.${name}` : name));
  const has = (name: string) => name.toLowerCase().includes(part.toLowerCase());
  const listed = {
    Metrics: metrics.filter(has),
    Parameters: params.filter((name) => has(name) && !name.includes(",")),
  };
  return (
    <>
      <input
        type="search"
        className={css.search}
        placeholder="Find a column"
        aria-label="Find a column"
        value={part}
        onChange={(event) => setPart(event.target.value)}
      />
      {!part && (
        <fieldset className={css.group}>
          <legend>Columns</legend>
          {BUILT_IN.map((id) => (
            <label key={id} className={css.choice}>
              <input
                type="checkbox"
                checked={!hidden.has(id)}
                onChange={(event) => onHidden(turned(hidden, id, !event.target.checked))}
              />
              <span className={css.plain}>{id[0]?.toUpperCase() + id.slice(1)}</span>
            </label>
          ))}
        </fieldset>
      )}
      {Object.entries(listed).map(([title, names]) => (
        <fieldset key={title} className={css.group} hidden={names.length === 0}>
          <legend>{title}</legend>
          {names.slice(0, MOST).map((name) => {
            const column = shown.find((one) => one.name === name);
            return (
              <div key={name} className={css.choice}>
                <label>
                  <input
                    type="checkbox"
                    checked={column !== undefined}
                    onChange={(event) => onShown(withColumn(words, column?.word ?? name, event.target.checked))}
                  />
                  <span title={name}>{name}</span>
                </label>
                {title === "Metrics" && column ? (
                  <select
                    aria-label={`what is shown of ${name}`}
                    value={column.which}
                    onChange={(event) => onShown(withWhich(words, column, event.target.value as Which))}
                  >
                    {Object.entries(WHICH).map(([which, said]) => (
                      <option key={which} value={which}>
                        {said}
                      </option>
                    ))}
                  </select>
                ) : (
                  <small>{counted(runs.get(name) ?? 0, "run")}</small>
                )}
              </div>
            );
          })}
          {names.length > MOST && <p className={css.more}>{names.length - MOST} more: type a part of the name</p>}
        </fieldset>
      ))}
    </>
  );
}

function turned(set: ReadonlySet<string>, one: string, isIn: boolean): ReadonlySet<string> {
  const next = new Set(set);
  if (isIn) next.add(one);
  else next.delete(one);
  return next;
}
