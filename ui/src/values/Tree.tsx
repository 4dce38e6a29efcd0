import { ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import style from "./Tree.module.css";
import type { TreeItem, TreeNode } from "./tree";

const FIRST = 100;

/** Nested data, drawn no further than it is open. */
export function Tree({ root, label, open = 1 }: { root: TreeNode; label: string; open?: number }) {
  return (
    <ul className={style.tree} aria-label={label}>
      <Branch item={{ name: "", node: root }} open={open} sign=":" />
    </ul>
  );
}

function Branch({ item: { name, node }, open, sign }: { item: TreeItem; open: number; sign: string }) {
  const [isOpen, setOpen] = useState(open > 0);
  const [shown, setShown] = useState(FIRST);
  const children = useMemo(() => (node.kind === "branch" && isOpen ? node.children() : []), [node, isOpen]);
  if (node.kind === "leaf") {
    return (
      <li className={style.leaf}>
        <Named name={name} sign={sign} />
        <span className={style[node.word]}>{node.text}</span>
      </li>
    );
  }
  const [begin, end] = node.brackets;
  const inner = begin === "(" && node.name ? "=" : ":";
  const folded = node.size === 0 ? `${begin}${end}` : `${begin} ${node.size.toLocaleString("en")} ${end}`;
  return (
    <li className={style.branch}>
      <button
        type="button"
        className={style.head}
        aria-expanded={isOpen}
        disabled={node.size === 0}
        onClick={() => setOpen(!isOpen)}
      >
        {node.size > 0 && <ChevronRight className={isOpen ? style.opened : style.closed} size={12} aria-hidden />}
        <Named name={name} sign={sign} />
        {node.name && <span className={style.type}>{node.name}</span>}
        <span className={style.brackets}>{isOpen && node.size > 0 ? begin : folded}</span>
      </button>
      {isOpen && node.size > 0 && (
        <>
          <ul className={style.inside}>
            {children.slice(0, shown).map((child, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: what stands in a list has no other name
              <Branch key={`${at} ${child.name}`} item={child} open={open - 1} sign={inner} />
            ))}
            {shown < node.size && (
              <li>
                <button type="button" className={style.more} onClick={() => setShown(shown * 10)}>
                  {(node.size - shown).toLocaleString("en")} more
                </button>
              </li>
            )}
          </ul>
          <span className={style.close}>{end}</span>
        </>
      )}
    </li>
  );
}

function Named({ name, sign }: { name: string; sign: string }) {
  if (name === "") return null;
  return (
    <span className={style.name}>
      <bdi>{name}</bdi>
      <span className={style.sign}>{sign === "=" ? " = " : ": "}</span>
    </span>
  );
}
