import type { RunRef } from "@/api/names";
import type { Schemas } from "@/api/types";
import ForkDialog from "./ForkDialog";
import { NoteDialog, TagDialog } from "./LabelDialogs";
import type { DialogKind } from "./RunActions";
import { CancelDialog, DeleteDialog, ResumeDialog } from "./RunDialogs";

interface OpenDialogProps {
  kind: DialogKind;
  run: RunRef;
  page: Schemas["RunPage"];
  onClose: () => void;
  onDeleted: () => void;
}

/** The dialog that a button has opened; its code is loaded then. */
export default function OpenDialog({ kind, run, page, onClose, onDeleted }: OpenDialogProps) {
  const same = { run, onClose };
  switch (kind) {
    case "cancel":
      return <CancelDialog {...same} />;
    case "resume":
      return <ResumeDialog {...same} />;
    case "fork":
      return <ForkDialog {...same} steps={page.run.steps.map(({ step }) => step)} />;
    case "tags":
      return <TagDialog runs={[run]} tags={page.run.tags} onClose={onClose} />;
    case "note":
      return <NoteDialog {...same} name={page.run.name} note={page.run.note} />;
    case "delete":
      return <DeleteDialog runs={[run]} onClose={onClose} onDone={onDeleted} />;
  }
}
