import { type Live, reconnect, useLive } from "@/api/events";
import { useAsk } from "@/api/useAsk";
import { Button } from "@/parts/Button";
import { CopyLine } from "@/parts/CopyLine";
import { clock } from "@/words/times";
import css from "./LiveMark.module.css";

/** Whether what is shown is how things stand. */
export function LiveMark() {
  const live = useLive();
  return (
    <span className={css.mark} data-state={live.state}>
      <span className={css.dot} aria-hidden="true" />
      <span className={css.word}>{wordOf(live)}</span>
    </span>
  );
}

function wordOf({ state, at }: Live): string {
  if (state === "lost") return `reconnecting, data from ${clock(at)}`;
  if (state === "gone") return `no server, data from ${clock(at)}`;
  return state;
}

/** What to do where the server has ended. It lies above the page, of which nothing is cleared and nothing moves. */
export function ServerGone() {
  const { state } = useLive();
  const folder = useAsk("/meta").data?.folder;
  if (state !== "gone") return null;
  return (
    <section className={css.gone} aria-label="The server has ended">
      <span>The server does not answer. {folder ? `In ${folder}, this` : "This"} starts it again:</span>
      <CopyLine command={`penstock ui --port ${location.port}`} />
      <Button size="small" onClick={reconnect}>
        Try now
      </Button>
    </section>
  );
}
