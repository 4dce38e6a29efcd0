import { Dialog } from "@/parts/Dialog";
import { Kbd } from "@/parts/Kbd";
import css from "./KeyHelp.module.css";
import { EVERYWHERE, type Key } from "./keys";

/** All keys that do something here, by what they are about. */
export default function KeyHelp({ keys, onClose }: { keys: [string, Key][]; onClose: () => void }) {
  const groups = new Map<string, [string, Key][]>();
  for (const [name, key] of keys) {
    const group = key.group ?? "Page";
    groups.set(group, [...(groups.get(group) ?? []), [name, key]]);
  }
  // What only this page has stands first.
  const ordered = [...groups].sort(([one], [other]) => Number(one === EVERYWHERE) - Number(other === EVERYWHERE));
  return (
    <Dialog title="Keys" onClose={onClose} wide>
      <div className={css.groups}>
        {ordered.map(([group, all]) => (
          <section key={group} className={css.group}>
            <h3>{group}</h3>
            <dl>
              {all.map(([name, { does }]) => (
                <div key={name} className={css.line}>
                  <dt>
                    {name.split(" ").map((one) => (
                      <Kbd key={one} keys={one} />
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
