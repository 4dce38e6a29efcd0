import { useState } from "react";
import type { Schemas } from "@/api/types";
import { Input } from "@/parts/Input";
import { Labelled } from "./Choice";

type Moved = Pick<Schemas["RunParams"], "file" | "moved" | "files">;

/** Where the flow's file is now; "": where it was. The only file that has a flow of its name is taken for it. */
export function useMovedFile(found: Moved | undefined) {
  const [typed, setTyped] = useState<string | null>(null);
  const { files = [], moved = "" } = found ?? {};
  const guess = files.length === 1 ? (files[0] ?? "") : "";
  return { file: moved ? (typed ?? guess).trim() : "", typed: typed ?? guess, setTyped };
}

interface MovedFileProps {
  found: Moved | undefined;
  typed: string;
  onChange: (file: string) => void;
}

/** Asks for the file, where it is not where it was recorded. */
export function MovedFile({ found, typed, onChange }: MovedFileProps) {
  if (!found?.moved) return null;
  const was = found.file ? `It was ${found.file}.` : "It came from a notebook: write its flow to a file.";
  return (
    <Labelled label="Its file now" note={was}>
      {(id) => (
        <>
          <Input
            id={id}
            code
            value={typed}
            list={`${id}-files`}
            placeholder="flows/train.py"
            onChange={(event) => onChange(event.target.value)}
          />
          <datalist id={`${id}-files`}>
            {found.files.map((file) => (
              <option key={file} value={file} />
            ))}
          </datalist>
        </>
      )}
    </Labelled>
  );
}
