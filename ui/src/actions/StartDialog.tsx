import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { post } from "@/api/ask";
import { Input } from "@/parts/Input";
import { Skeleton } from "@/parts/Skeleton";
import { Labelled } from "./Choice";
import { fieldsOf, readForm } from "./fields";
import { follow, isOver, lastWords } from "./follow";
import { OrderDialog } from "./OrderDialog";
import { startOrder } from "./orders";
import { ParamsForm } from "./ParamsForm";
import { hasMade, openMade } from "./RunDialogs";
import { tagsOf } from "./tags";

interface StartDialogProps {
  flow: string;
  /** Which of several flows of this name: "flows/digits.py:digits". */
  target: string;
  onClose: () => void;
}

/** A new run of a flow. Its parameters are as its file has them now. */
export default function StartDialog({ flow, target, onClose }: StartDialogProps) {
  const { data: schema, error } = useSchema(flow, target);
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [tags, setTags] = useState("");
  const fields = useMemo(() => (schema ? fieldsOf(schema, null) : []), [schema]);
  const { params, errors } = readForm(fields, texts);
  const body = { target, params, tags: tagsOf(tags) };
  return (
    <OrderDialog
      title={`Start ${flow}`}
      verb="Start"
      foretells
      about={JSON.stringify(body)}
      isWrong={!schema || Object.keys(errors).length > 0}
      orders={[{ name: flow, order: startOrder(flow, body) }]}
      isEnough={hasMade}
      onClose={onClose}
      onDone={(page) => {
        onClose();
        openMade(page);
      }}
    >
      {error && <pre>{error.message}</pre>}
      {!schema && !error && <Skeleton height={120} />}
      {schema !== undefined && (
        <>
          <ParamsForm fields={fields} texts={texts} errors={errors} onChange={setTexts} />
          <Labelled label="Tags">
            {(id) => (
              <Input id={id} value={tags} placeholder="sweep, night" onChange={(e) => setTags(e.target.value)} />
            )}
          </Labelled>
        </>
      )}
    </OrderDialog>
  );
}

/** The flow's schema, told by its file: a process imports it. */
function useSchema(flow: string, target: string) {
  return useQuery({
    queryKey: ["schema", flow, target],
    staleTime: 0,
    retry: false,
    queryFn: async ({ signal }) => {
      const { action } = await post("/flows/{flow}:describe", { in: { flow }, body: { target }, signal });
      const page = await follow(action ?? "", isOver, signal);
      if (page.state !== "done" || page.result === null) throw new Error(lastWords(page));
      return page.result;
    },
  });
}
