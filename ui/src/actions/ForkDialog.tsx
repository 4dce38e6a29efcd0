import { useMemo, useState } from "react";
import { type RunRef, runName } from "@/api/names";
import type { Schemas } from "@/api/types";
import { useAsk } from "@/api/useAsk";
import { Input, Select } from "@/parts/Input";
import { Labelled } from "./Choice";
import { fieldsOf, readForm } from "./fields";
import { MovedFile, useMovedFile } from "./MovedFile";
import { OrderDialog } from "./OrderDialog";
import { forkOrder } from "./orders";
import { ParamsForm } from "./ParamsForm";
import { hasMade, openMade } from "./RunDialogs";
import { tagsOf } from "./tags";

interface ForkDialogProps {
  run: RunRef;
  steps: string[];
  /** The step from which all is run again; "": what changes alone. */
  from?: string;
  onClose: () => void;
}

/** A new run from an old one, with other parameters, or from a step on. */
export default function ForkDialog({ run: { flow, number }, steps, from = "", onClose }: ForkDialogProps) {
  const run = { flow, number };
  const { data, error } = useAsk("/runs/{flow}/{number}/params", { in: run });
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [fromStep, setFromStep] = useState(from);
  const [tags, setTags] = useState("");
  const fields = useMemo(() => (data ? fieldsOf(schemaOf(data), data.params) : []), [data]);
  const { params, errors } = readForm(fields, texts);
  const { file, typed, setTyped } = useMovedFile(data);
  const body = { params, from_step: fromStep, tags: tagsOf(tags), file };
  // It opens whole: the first parameter has the focus, and nothing is pushed down.
  if (!data && !error) return null;
  return (
    <OrderDialog
      title={`Fork ${runName(run)}`}
      verb="Fork"
      foretells
      about={JSON.stringify(body)}
      isWrong={Object.keys(errors).length > 0}
      orders={[{ name: runName(run), order: forkOrder(run, body) }]}
      isEnough={hasMade}
      onClose={onClose}
      onDone={(page) => {
        onClose();
        openMade(page);
      }}
    >
      {error && <p>{error.message}</p>}
      <MovedFile found={data} typed={typed} onChange={setTyped} />
      {data && <ParamsForm fields={fields} texts={texts} errors={errors} onChange={setTexts} />}
      <Labelled label="Run again">
        {(id) => (
          <Select id={id} value={fromStep} onChange={(event) => setFromStep(event.target.value)}>
            <option value="">what changes</option>
            {steps.map((step) => (
              <option key={step} value={step}>
                all from {step} on
              </option>
            ))}
          </Select>
        )}
      </Labelled>
      <Labelled label="Tags">
        {(id) => <Input id={id} value={tags} placeholder="sweep, night" onChange={(e) => setTags(e.target.value)} />}
      </Labelled>
    </OrderDialog>
  );
}

// Of a run that an older version made nothing is recorded but the values: they are shown, and each can be given anew.
function schemaOf({ schema, params }: Schemas["RunParams"]): unknown {
  return schema ?? { properties: Object.fromEntries(params.map(({ name }) => [name, {}])) };
}
