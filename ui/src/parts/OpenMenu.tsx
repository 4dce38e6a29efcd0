import { Menu as Base } from "@base-ui/react/menu";
import { Button } from "./Button";
import { floats } from "./floats";
import { Kbd } from "./Kbd";
import { Layer } from "./Layer";
import type { MenuProps } from "./Menu";
import css from "./OpenMenu.module.css";

export default function OpenMenu({ label, icon, text, items, isOpen }: MenuProps & { isOpen: boolean }) {
  return (
    <Base.Root defaultOpen={isOpen}>
      <Base.Trigger
        render={text ? <Button icon={icon}>{text}</Button> : <Button icon={icon} aria-label={label} title={label} />}
      />
      <Base.Portal container={floats()}>
        <Base.Positioner align="end" sideOffset={5} className={css.place ?? ""}>
          <Base.Popup className={css.menu ?? ""} aria-label={label}>
            <Layer>
              {items.map(({ does, run, icon, key, danger, why }) => (
                <Base.Item
                  key={does}
                  className={[css.item, danger && css.danger].filter(Boolean).join(" ")}
                  disabled={why !== undefined}
                  title={why}
                  onClick={run}
                >
                  {icon && <span className={css.icon}>{icon}</span>}
                  <bdi>{does}</bdi>
                  {key && <Kbd keys={key} />}
                </Base.Item>
              ))}
            </Layer>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
