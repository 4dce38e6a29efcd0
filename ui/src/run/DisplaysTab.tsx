import type { RunRef } from "@/api/names";
import { Displays } from "@/values/Displays";
import tab from "./Tab.module.css";

/** What the run's tasks, and its flow's body, have displayed. */
export default function DisplaysTab({ run }: { run: RunRef }) {
  return (
    <div className={tab.page} data-view="displays">
      <Displays of={run} />
    </div>
  );
}
