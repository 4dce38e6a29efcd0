import { Tag, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Button } from "@/parts/Button";

const Dialogs = lazy(() => import("./SelectionDialog"));

/** What can be done to several runs at once. `onDeleted`: they are no more. */
export function SelectionActions({ ids, onDeleted }: { ids: number[]; onDeleted: () => void }) {
  const [open, setOpen] = useState<"tags" | "delete" | null>(null);
  return (
    <>
      <Button icon={<Tag aria-hidden="true" />} onClick={() => setOpen("tags")}>
        <span>Tags</span>
      </Button>
      <Button icon={<Trash2 aria-hidden="true" />} onClick={() => setOpen("delete")}>
        <span>Delete</span>
      </Button>
      <Suspense>
        {open && <Dialogs kind={open} ids={ids} onClose={() => setOpen(null)} onDeleted={onDeleted} />}
      </Suspense>
    </>
  );
}
