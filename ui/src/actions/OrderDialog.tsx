import type { ReactNode } from "react";
import { Button } from "@/parts/Button";
import { CopyLine } from "@/parts/CopyLine";
import { Dialog } from "@/parts/Dialog";
import { StatusMark } from "@/parts/StatusMark";
import css from "./OrderDialog.module.css";
import { type PerformOptions, usePerformance } from "./usePerformance";
import { type NamedOrder, type Rehearsal, useRehearsal } from "./useRehearsal";

interface OrderDialogProps extends PerformOptions {
  title: string;
  /** What the button says. */
  verb: string;
  /** It is for good. */
  danger?: boolean;
  orders: NamedOrder[];
  /** Changes when the orders are others: what they would do is asked anew. */
  about: string;
  /** A dry run foretells what it does: there is room for that. */
  foretells?: boolean;
  /** What is missing or wrong in the form; it says so itself. */
  isWrong?: boolean;
  onClose: () => void;
  children?: ReactNode;
}

const SHOWN = 6;

/** Asks before something is done: what it does, and the line that does the same. Errors stay until it is tried again. */
export function OrderDialog({
  title,
  foretells = false,
  verb,
  danger,
  orders,
  about,
  isWrong,
  onClose,
  children,
  ...how
}: OrderDialogProps) {
  const rehearsal = useRehearsal(isWrong ? [] : orders, `${isWrong} ${about}`);
  const open = orders.filter(({ name }) => !rehearsal.refused[name]);
  const { isDoing, done, failed, perform } = usePerformance(open, how);
  const isUseless = isWrong || open.length === 0;
  return (
    <Dialog
      title={title}
      onClose={onClose}
      wide={children !== undefined}
      foot={
        <>
          {!isWrong && <Told rehearsal={rehearsal} foretells={foretells} />}
          <Errors errors={{ ...rehearsal.refused, ...failed }} isNamed={orders.length > 1} />
          <div className={css.buttons}>
            <Button onClick={onClose}>Not now</Button>
            <Button kind={danger ? "danger" : "main"} onClick={perform} disabled={isDoing || isUseless}>
              {isDoing ? <Doing done={done} of={open.length} verb={verb} /> : verb}
            </Button>
          </div>
        </>
      }
    >
      {children}
    </Dialog>
  );
}

function Doing({ done, of, verb }: { done: number; of: number; verb: string }) {
  return (
    <span className={css.doing}>
      <StatusMark status="running" silent />
      {of > 1 ? `${done} of ${of}` : verb}
    </span>
  );
}

function Told({ rehearsal, foretells }: { rehearsal: Rehearsal; foretells: boolean }) {
  const { effects, commands, forecast, isAsking } = rehearsal;
  return (
    <div className={css.told} aria-busy={isAsking} data-foretells={foretells}>
      <ul className={css.effects}>
        {effects.slice(0, SHOWN).map((effect) => (
          <li key={effect}>
            <Marked text={effect} />
          </li>
        ))}
        {effects.length > SHOWN && <li>and {effects.length - SHOWN} more</li>}
        {forecast.map((line) => (
          <li key={line} className={css.forecast}>
            {line}
          </li>
        ))}
      </ul>
      {commands.slice(0, SHOWN).map((command) => (
        <CopyLine key={command} command={command} />
      ))}
    </div>
  );
}

/** Text in which commands stand between backticks. */
function Marked({ text }: { text: string }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text
  return text.split("`").map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part));
}

/** Each beside what it is about. */
function Errors({ errors, isNamed }: { errors: Record<string, string>; isNamed: boolean }) {
  return (
    <div role="alert">
      {Object.entries(errors).map(([name, error]) => (
        <div key={name} className={css.error}>
          <StatusMark status="failed" />
          <pre>{isNamed ? `${name}: ${error}` : error}</pre>
        </div>
      ))}
    </div>
  );
}
