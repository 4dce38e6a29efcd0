import { TableFoot } from "@/parts/TableFoot";
import { counted } from "@/words/numbers";

/** How many runs there are, and the keys that are used most. */
export function RunsFoot({ total, isPartial }: { total: number; isPartial: boolean }) {
  return (
    <TableFoot keys={KEYS}>
      {counted(total, "run")}
      {isPartial && ", the first 200,000 are listed: a filter shows the others"}
    </TableFoot>
  );
}

const KEYS: [string[], string][] = [
  [["j", "k"], "move"],
  [["x"], "select"],
  [["Enter"], "open"],
  [["?"], "all keys"],
];
