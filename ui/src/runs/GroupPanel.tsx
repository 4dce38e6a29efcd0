import { Group } from "lucide-react";
import type { Schemas } from "@/api/types";
import { Panel } from "@/parts/Panel";
import css from "./ColumnsPanel.module.css";

interface GroupPanelProps {
  page: Schemas["ColumnsPage"];
  by: string;
  onBy: (by: string) => void;
}

const MOST = 40;
const SAID: Record<string, string> = { "": "nothing", forks: "forks, as a tree" };

/** By what runs stand together: a flow, a status, a tag, a parameter, or what they were forked from. */
export function GroupPanel({ page, by, onBy }: GroupPanelProps) {
  const params = page.params.filter((param) => !param.is_same).map(({ name }) => name);
  return (
    <Panel label="Group" icon={<Group aria-hidden />} chosen={by}>
      {(close) => (
        <fieldset className={css.group}>
          <legend>Group by</legend>
          {["", "flow", "status", "tag", "forks", ...params.slice(0, MOST)].map((one, at) => (
            <label key={one} className={css.choice}>
              <input
                type="radio"
                name="group"
                checked={by === one}
                onChange={() => onBy(one)}
                onClick={(event) => {
                  if (event.detail > 0) close(); // by a pointer: arrows try them out
                }}
              />
              <span className={at < 5 ? css.plain : ""}>{SAID[one] ?? one}</span>
            </label>
          ))}
        </fieldset>
      )}
    </Panel>
  );
}
