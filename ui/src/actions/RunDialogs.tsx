import { useState } from "react";
import { navigate } from "wouter/use-browser-location";
import { ask } from "@/api/ask";
import { parseRun, type RunRef, runAddress, runName } from "@/api/names";
import { useAsk } from "@/api/useAsk";
import { counted } from "@/words/numbers";
import { Choice } from "./Choice";
import type { ActionPage } from "./follow";
import { MovedFile, useMovedFile } from "./MovedFile";
import { OrderDialog } from "./OrderDialog";
import { cancelOrder, removeOrder, resumeOrder } from "./orders";
import { useSettle } from "./settle";

interface OfRun {
  run: RunRef;
  onClose: () => void;
}

export function CancelDialog({ run, onClose }: OfRun) {
  const settle = useSettle();
  return (
    <OrderDialog
      title={`Cancel ${runName(run)}`}
      verb="Cancel the run"
      danger
      about=""
      orders={[{ name: runName(run), order: cancelOrder(run) }]}
      onClose={onClose}
      onDone={() => {
        settle([run]);
        onClose();
      }}
    />
  );
}

export function ResumeDialog({ run, onClose }: OfRun) {
  const [changed, setChanged] = useState(false);
  const settle = useSettle();
  const { flow, number } = run;
  const { data, error } = useAsk("/runs/{flow}/{number}/params", { in: { flow, number } });
  const { file, typed, setTyped } = useMovedFile(data);
  if (!data && !error) return null; // it opens whole
  return (
    <OrderDialog
      title={`Resume ${runName(run)}`}
      verb="Resume"
      foretells
      about={`${changed} ${file}`}
      orders={[{ name: runName(run), order: resumeOrder(run, { changed, file }) }]}
      isEnough={async () => (await ask("/runs/{flow}/{number}", { in: run })).run.status === "running"}
      onClose={onClose}
      onDone={() => {
        settle([run]);
        onClose();
      }}
    >
      <MovedFile found={data} typed={typed} onChange={setTyped} />
      <Choice checked={changed} onChange={setChanged}>
        Run finished tasks again whose code has changed
      </Choice>
    </OrderDialog>
  );
}

/** `onDone`: what becomes of a page whose run is no more. */
export function DeleteDialog({ runs, onClose, onDone }: { runs: RunRef[]; onClose: () => void; onDone: () => void }) {
  const settle = useSettle();
  const [first] = runs;
  const what = runs.length === 1 && first ? runName(first) : counted(runs.length, "run");
  return (
    <OrderDialog
      title={`Delete ${what}`}
      verb={`Delete ${what} for good`}
      danger
      about=""
      orders={runs.map((run) => ({ name: runName(run), order: removeOrder(run) }))}
      onClose={onClose}
      onDone={() => {
        onClose();
        onDone();
        settle(runs);
      }}
    />
  );
}

/** Opens the run that an action has made. */
export function openMade({ run }: ActionPage): void {
  const made = parseRun(run ?? "");
  if (made) navigate(runAddress(made));
}

export const hasMade = ({ run }: ActionPage): boolean => run !== null;
