import { type RunRef, runName } from "@/api/names";

export default function RunPage({ run }: { run: RunRef }) {
  return <h1>{runName(run)}</h1>;
}
