import { useQuery } from "@tanstack/react-query";
import { ask } from "@/api/ask";
import { TagDialog } from "./LabelDialogs";
import { DeleteDialog } from "./RunDialogs";

interface SelectionDialogProps {
  kind: "tags" | "delete";
  ids: number[];
  onClose: () => void;
  onDeleted: () => void;
}

/** A dialog about all runs that are selected, also those whose rows the page has not loaded. */
export default function SelectionDialog({ kind, ids, onClose, onDeleted }: SelectionDialogProps) {
  const { data: runs } = useRuns(ids);
  if (!runs) return null;
  if (kind === "delete") return <DeleteDialog runs={runs} onClose={onClose} onDone={onDeleted} />;
  return <TagDialog runs={runs} tags={[...new Set(runs.flatMap(({ tags }) => tags))].sort()} onClose={onClose} />;
}

const AT_ONCE = 200;

function useRuns(ids: number[]) {
  return useQuery({
    queryKey: ["selected runs", ids],
    staleTime: 0,
    queryFn: async ({ signal }) => {
      const parts = Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, i) =>
        ask("/runs", { query: { ids: ids.slice(i * AT_ONCE, (i + 1) * AT_ONCE) }, signal }),
      );
      return (await Promise.all(parts)).flatMap(({ rows }) => rows);
    },
  });
}
