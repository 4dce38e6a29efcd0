import { useState } from "react";
import { type RunRef, runName } from "@/api/names";
import { Input, TextArea } from "@/parts/Input";
import { counted } from "@/words/numbers";
import { Choice, Labelled } from "./Choice";
import { OrderDialog } from "./OrderDialog";
import { noteOrder, tagOrder } from "./orders";
import { useSettle } from "./settle";
import { tagsOf } from "./tags";

interface TagDialogProps {
  runs: RunRef[];
  /** Tags that they have, all of them or some. */
  tags: string[];
  onClose: () => void;
}

/** Tags that runs get, and tags that they lose. */
export function TagDialog({ runs, tags, onClose }: TagDialogProps) {
  const [added, setAdded] = useState("");
  const [lost, setLost] = useState<string[]>([]);
  const settle = useSettle();
  const body = { add: tagsOf(added), remove: lost };
  const [first] = runs;
  const what = runs.length === 1 && first ? runName(first) : counted(runs.length, "run");
  return (
    <OrderDialog
      title={`Tags of ${what}`}
      verb="Change the tags"
      about={JSON.stringify(body)}
      isWrong={body.add.length + body.remove.length === 0}
      orders={runs.map((run) => ({ name: runName(run), order: tagOrder(run, body) }))}
      onClose={onClose}
      onDone={() => {
        settle(runs);
        onClose();
      }}
    >
      <Labelled label="Add">
        {(id) => <Input id={id} value={added} placeholder="sweep, night" onChange={(e) => setAdded(e.target.value)} />}
      </Labelled>
      {tags.map((tag) => (
        <Choice
          key={tag}
          checked={!lost.includes(tag)}
          onChange={(kept) => setLost(kept ? lost.filter((one) => one !== tag) : [...lost, tag])}
        >
          {tag}
        </Choice>
      ))}
    </OrderDialog>
  );
}

interface NoteDialogProps {
  run: RunRef;
  name: string;
  note: string;
  onClose: () => void;
}

/** What a run is called, and what is to be remembered of it. */
export function NoteDialog({ run, onClose, ...was }: NoteDialogProps) {
  const [name, setName] = useState(was.name);
  const [note, setNote] = useState(was.note);
  const settle = useSettle();
  const body = { ...(name !== was.name && { name }), ...(note !== was.note && { note }) };
  return (
    <OrderDialog
      title={`Name and note of ${runName(run)}`}
      verb="Keep"
      about={JSON.stringify(body)}
      isWrong={Object.keys(body).length === 0}
      orders={[{ name: runName(run), order: noteOrder(run, body) }]}
      onClose={onClose}
      onDone={() => {
        settle([run]);
        onClose();
      }}
    >
      <Labelled label="Name">
        {(id) => <Input id={id} value={name} placeholder="none" onChange={(e) => setName(e.target.value)} />}
      </Labelled>
      <Labelled label="Note">
        {(id) => <TextArea id={id} rows={5} value={note} onChange={(e) => setNote(e.target.value)} />}
      </Labelled>
    </OrderDialog>
  );
}
