import { ChevronRight } from "lucide-react";
import { StatusMark } from "@/parts/StatusMark";
import { count, counted } from "@/words/numbers";
import css from "./GroupHead.module.css";
import type { GroupLine } from "./useGroups";

interface GroupHeadProps {
  by: string;
  group: GroupLine;
  isOpen: boolean;
  onTurn: (group: GroupLine) => void;
}

const TOLD = ["running", "failed", "crashed"];

/** The head of a group, which opens and closes it. */
export function GroupHead({ by, group, isOpen, onTurn }: GroupHeadProps) {
  return (
    <button type="button" className={css.head} aria-expanded={isOpen} onClick={() => onTurn(group)} data-open>
      <ChevronRight size={14} aria-hidden />
      <span className={css.by}>{by}</span>
      <bdi className={css.value}>{group.value || '""'}</bdi>
      <span className={css.runs}>{counted(group.runs, "run")}</span>
      {TOLD.filter((status) => group.counts[status]).map((status) => (
        <span key={status} className={css.state}>
          <StatusMark status={status} silent />
          {count(group.counts[status] ?? 0)} {status}
        </span>
      ))}
    </button>
  );
}
