import { Ban, Ellipsis, GitFork, Play, Tag, Text, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { navigate } from "wouter/use-browser-location";
import { type RunRef, runName } from "@/api/names";
import type { Schemas } from "@/api/types";
import { useCommands } from "@/app/keys";
import { Button } from "@/parts/Button";
import { Menu, type MenuItem } from "@/parts/Menu";

const Dialogs = lazy(() => import("./OpenDialog"));

export type DialogKind = "cancel" | "resume" | "fork" | "tags" | "note" | "delete";

const RUNNING = ["running", "crashed"];
const STOPPED = ["failed", "cancelled", "interrupted", "crashed"];

/** What can be done to a run: buttons for its page, and lines of the palette. No key does it: each asks first. */
export function RunActions({ run, page }: { run: RunRef; page: Schemas["RunPage"] | undefined }) {
  const [open, setOpen] = useState<DialogKind | null>(null);
  const status = page?.run.status ?? "";
  const [isRunning, isStopped] = [RUNNING.includes(status), STOPPED.includes(status)];
  const more: MenuItem[] = [
    { does: "Tags…", icon: <Tag />, run: () => setOpen("tags") },
    { does: "Name and note…", icon: <Text />, run: () => setOpen("note") },
    {
      does: "Delete…",
      icon: <Trash2 />,
      danger: true,
      run: () => setOpen("delete"),
      why: status === "running" ? "it is running: cancel it first" : undefined,
    },
  ];
  useCommands(page ? commands(runName(run), isRunning, isStopped, more, setOpen) : []);
  if (!page) return null;
  return (
    <>
      <Button icon={<GitFork aria-hidden="true" />} onClick={() => setOpen("fork")}>
        Fork
      </Button>
      {isStopped && (
        <Button icon={<Play aria-hidden="true" />} onClick={() => setOpen("resume")}>
          Resume
        </Button>
      )}
      {isRunning && (
        <Button icon={<Ban aria-hidden="true" />} onClick={() => setOpen("cancel")}>
          Cancel
        </Button>
      )}
      <Menu label="More to do" icon={<Ellipsis aria-hidden="true" />} items={more} />
      <Suspense>
        {open && (
          <Dialogs
            kind={open}
            run={run}
            page={page}
            onClose={() => setOpen(null)}
            onDeleted={() => navigate("/runs")}
          />
        )}
      </Suspense>
    </>
  );
}

function commands(
  name: string,
  isRunning: boolean,
  isStopped: boolean,
  more: MenuItem[],
  open: (kind: DialogKind) => void,
) {
  const all = [{ does: `Fork ${name}…`, run: () => open("fork") }];
  if (isStopped) all.push({ does: `Resume ${name}…`, run: () => open("resume") });
  if (isRunning) all.push({ does: `Cancel ${name}…`, run: () => open("cancel") });
  const others = more.filter(({ why }) => why === undefined);
  return [...all, ...others.map(({ does, run }) => ({ does: `${does.replace("…", "")} of ${name}…`, run }))];
}
