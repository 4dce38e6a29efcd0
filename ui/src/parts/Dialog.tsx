import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./Button";
import css from "./Dialog.module.css";
import { Layer } from "./Layer";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** What stands at its foot however long it is: the buttons, the one that is meant last. */
  foot?: ReactNode;
  /** The title is read aloud and not seen: what stands in the dialog says it. */
  quiet?: boolean;
  wide?: boolean;
}

/**
 * A dialog, as long as it is drawn. Esc and a click beside it close it, and the focus goes back to where it was; keys of
 * the page below are not heard.
 */
export function Dialog({ title, onClose, children, foot, quiet = false, wide = false }: DialogProps) {
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={css.backdrop ?? ""} />
        <Base.Popup className={[css.dialog, wide && css.wide, quiet && css.quiet].filter(Boolean).join(" ")}>
          <Layer>
            <Base.Title className={quiet ? "unseen" : css.title}>{title}</Base.Title>
            {quiet ? children : <div className={css.body}>{children}</div>}
            {!quiet && (
              <Base.Close
                render={
                  <Button
                    kind="bare"
                    size="small"
                    icon={<X aria-hidden="true" />}
                    aria-label="Close"
                    className={css.close}
                  />
                }
              />
            )}
            {foot && <div className={css.foot}>{foot}</div>}
          </Layer>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
