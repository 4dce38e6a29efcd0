import { Link } from "wouter";
import { taskAddress } from "@/api/names";
import type { Schemas } from "@/api/types";
import { Empty } from "@/parts/Empty";
import { bytes } from "@/words/numbers";
import css from "./InputsView.module.css";
import type { ViewProps } from "./TaskPage";
import { parseTask } from "./taskPath";

type Input = Schemas["InputInfo"];

/** What a task was given, and whose results these are. */
export default function InputsView({ page }: ViewProps) {
  const { inputs } = page.task;
  if (!inputs)
    return <Empty title="Inputs are not known yet" lines={["They are noted when the first attempt ends."]} />;
  if (inputs.length === 0) return <Empty title="No inputs" lines={["The step was called without any."]} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={css.scroll} tabIndex={0} aria-label="Inputs">
      <table className={css.inputs}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Value</th>
            <th scope="col" className={css.type}>
              Type
            </th>
            <th scope="col" className={css.size}>
              Size
            </th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
          {inputs.map((input) => (
            <Row key={input.name} input={input} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ input: { name, value, sources = [] } }: { input: Input }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className={css.value}>
        <span title={value ? told(value) : undefined}>{value ? value.text : "a part of a result"}</span>
      </td>
      <td className={css.type}>{value?.type}</td>
      <td className={css.size}>{value?.size_bytes ? bytes(value.size_bytes) : ""}</td>
      <td>
        {sources.slice(0, MOST).map((source) => (
          <Source key={source} source={source} />
        ))}
        {sources.length > MOST && <span className={css.more}>{sources.length - MOST} more</span>}
      </td>
    </tr>
  );
}

const MOST = 5;

/** All that is known of it: on a phone, its type and size have no room. */
function told({ text, type, size_bytes }: NonNullable<Input["value"]>): string {
  return `${text}\n${type}${size_bytes ? `, ${bytes(size_bytes)}` : ""}`;
}

/** "digits/3/load/1[0]": the task whose result it is, and which part. */
function Source({ source }: { source: string }) {
  const task = parseTask(source.replace(/[[.].*$/, ""));
  const short = source.split("/").slice(2).join("/");
  if (!task) return <span className={css.source}>{source}</span>;
  return (
    <Link className={css.source} href={taskAddress(task)} title={source}>
      {short}
    </Link>
  );
}
