import { Undo2 } from "lucide-react";
import { useId } from "react";
import { Button } from "@/parts/Button";
import { Input, Select, TextArea } from "@/parts/Input";
import type { Field } from "./fields";
import css from "./ParamsForm.module.css";

interface ParamsFormProps {
  fields: Field[];
  /** What was typed, by field. */
  texts: Record<string, string>;
  errors: Record<string, string>;
  onChange: (texts: Record<string, string>) => void;
}

/** A flow's parameters. What is not touched keeps its value. */
export function ParamsForm({ fields, texts, errors, onChange }: ParamsFormProps) {
  if (fields.length === 0) return <p className={css.none}>It takes no parameters.</p>;
  return (
    <div className={css.form}>
      {fields.map((field) => (
        <Line
          key={field.name}
          field={field}
          text={texts[field.name]}
          error={texts[field.name] === undefined ? undefined : errors[field.name]}
          onChange={(text) => {
            const { [field.name]: _, ...others } = texts;
            onChange(text === undefined ? others : { ...others, [field.name]: text });
          }}
        />
      ))}
    </div>
  );
}

interface LineProps {
  field: Field;
  text: string | undefined;
  error: string | undefined;
  onChange: (text: string | undefined) => void;
}

function Line({ field, text, error, onChange }: LineProps) {
  const id = useId();
  const isChanged = text !== undefined && text !== field.initial;
  const note = error ?? (isChanged ? wasNote(field) : field.description);
  return (
    <div className={css.line} data-changed={isChanged}>
      <label htmlFor={id} className={css.name}>
        {field.name}
      </label>
      <div className={css.value}>
        <Control id={id} field={field} text={text ?? field.initial} isWrong={error !== undefined} onChange={onChange} />
        {note && (
          <span id={`${id}-note`} className={error ? css.error : css.note}>
            {note}
          </span>
        )}
      </div>
      {isChanged && (
        <Button
          kind="bare"
          size="small"
          icon={<Undo2 aria-hidden="true" />}
          aria-label={`Put ${field.name} back`}
          title="Put back"
          onClick={() => onChange(undefined)}
        />
      )}
    </div>
  );
}

function wasNote({ initial, told, isOptional }: Field): string {
  const was = initial ?? told;
  return was === "" ? (isOptional ? "was None" : "was empty") : was && `was ${was}`;
}

interface ControlProps {
  id: string;
  field: Field;
  text: string | null;
  isWrong: boolean;
  onChange: (text: string) => void;
}

function Control({ id, field, text, isWrong, onChange }: ControlProps) {
  const same = { id, "aria-invalid": isWrong, "aria-describedby": `${id}-note` };
  const onText = (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>) =>
    onChange(event.target.value);
  const placeholder = field.initial === null ? (field.told && `keeps ${field.told}`) || field.says : field.says;
  switch (field.kind) {
    case "kept":
      return (
        <output id={id} className={css.kept}>
          {field.told || "its default"}, kept: no JSON can hold another
        </output>
      );
    case "switch":
      return (
        <input
          {...same}
          type="checkbox"
          checked={text === "true"}
          onChange={(e) => onChange(String(e.target.checked))}
        />
      );
    case "choice":
      return (
        <Select {...same} code value={text ?? ""} onChange={onText}>
          {field.initial === null && <option value="">{placeholder}</option>}
          {field.isOptional && <option value="">None</option>}
          {field.choices.map((one) => (
            <option key={JSON.stringify(one)} value={JSON.stringify(one)}>
              {String(one)}
            </option>
          ))}
        </Select>
      );
    default:
      return isLong(field) ? (
        <TextArea {...same} code rows={3} value={text ?? ""} placeholder={placeholder} onChange={onText} />
      ) : (
        <Input
          {...same}
          code
          value={text ?? ""}
          placeholder={field.isOptional ? "None" : placeholder}
          inputMode={field.kind === "whole" || field.kind === "number" ? "decimal" : "text"}
          onChange={onText}
        />
      );
  }
}

// One line does for lists of a few numbers; text of several lines keeps them.
function isLong({ initial }: Field): boolean {
  return initial !== null && (initial.includes("\n") || initial.length > 60);
}
