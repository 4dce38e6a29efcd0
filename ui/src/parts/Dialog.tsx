import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, useContext, useEffect } from "react";
import { KeyLayer, openLayer } from "@/app/keys";
import { Button } from "./Button";
import css from "./Dialog.module.css";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** Buttons at its foot, the one that is meant last. */
  actions?: ReactNode;
  /** The title is read aloud and not seen: what stands in the dialog says it. */
  quiet?: boolean;
  wide?: boolean;
}

/**
 * A dialog, as long as it is drawn. Esc and a click beside it close it, and the focus goes back to where it was; keys of
 * the page below are not heard.
 */
export function Dialog({ title, onClose, children, actions, quiet = false, wide = false }: DialogProps) {
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={css.backdrop ?? ""} />
        <Base.Popup className={[css.dialog, wide && css.wide, quiet && css.quiet].filter(Boolean).join(" ")}>
          <Layer>
            <Base.Title className={quiet ? "unseen" : css.title}>{title}</Base.Title>
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
            {children}
            {actions && <div className={css.actions}>{actions}</div>}
          </Layer>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** Keys that are bound inside are heard; those of the page below are not. */
export function Layer({ children }: { children: ReactNode }) {
  const layer = useContext(KeyLayer) + 1;
  useEffect(() => openLayer(layer), [layer]);
  return <KeyLayer value={layer}>{children}</KeyLayer>;
}
