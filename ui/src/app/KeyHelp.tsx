import { Fragment } from "react";
import { Dialog } from "@/parts/Dialog";
import { Kbd } from "@/parts/Kbd";
import css from "./KeyHelp.module.css";
import { EVERYWHERE, type Key } from "./keys";

/** All keys that do something here, by what they are about. */
export default function KeyHelp({ keys, onClose }: { keys: [string, Key][]; onClose: () => void }) {
  const groups = new Map<string, Map<Key, string[]>>();
  for (const [name, key] of keys) {
    const group = key.group ?? "Page";
    const all = groups.get(group) ?? new Map<Key, string[]>();
    groups.set(group, all.set(key, [...(all.get(key) ?? []), name]));
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
              {[...all].map(([{ does }, names]) => (
                <div key={names[0]} className={css.line}>
                  <dt>
                    {names.map((name, i) => (
                      <Fragment key={name}>
                        {i > 0 && " or "}
                        {name.split(" ").map((one, place) => (
                          // biome-ignore lint/suspicious/noArrayIndexKey: "g g" has the same key twice
                          <Kbd key={place} keys={one} />
                        ))}
                      </Fragment>
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
