import { Play } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Menu } from "@/parts/Menu";
import { type Startable, useStartable } from "./useStartable";

const StartDialog = lazy(() => import("./StartDialog"));

/** A button that starts one of the project's flows. */
export function StartMenu() {
  const flows = useStartable();
  const [open, setOpen] = useState<Startable | null>(null);
  if (flows.length === 0) return null;
  return (
    <>
      <Menu
        label="Start a run"
        text="Start"
        icon={<Play aria-hidden="true" />}
        items={flows.map((one) => ({ does: `${one.flow}…`, run: () => setOpen(one) }))}
      />
      <Suspense>{open && <StartDialog {...open} onClose={() => setOpen(null)} />}</Suspense>
    </>
  );
}
