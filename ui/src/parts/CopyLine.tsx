import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import css from "./CopyLine.module.css";
import { say } from "./say";

/** A command, copied by a click. */
export function CopyLine({ command }: { command: string }) {
  const [copied, copy] = useCopy(command);
  return (
    <button type="button" className={css.line} onClick={copy} title="Copy">
      {copied ? <Check className={css.copied} aria-hidden="true" /> : <Copy aria-hidden="true" />}
      <span className="unseen">Copy </span>
      <code>{command}</code>
    </button>
  );
}

/** Whether it has just been copied, and a function that copies it. */
function useCopy(text: string): [boolean, () => void] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1_500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    copyText(text).then((done) => done && setCopied(true));
  };
  return [copied, copy];
}

/** Copies, and says so to those who do not see it. False where the browser does not let the page. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyBySelection(text)) return false;
  }
  say(`copied: ${text}`);
  return true;
}

// A page that was not served over https or from this machine has no clipboard but this.
function copyBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
