/** What stands beside the pointer: written without React, as it changes with each move. */

import style from "./card.module.css";

export interface CardLine {
  label: string;
  value: string;
  /** A mark before the label. */
  colour?: string;
  /** It stands out among the lines. */
  near?: boolean;
}

export interface Card {
  /** At a point of `parent`, in pixels; the card stays within the parent's width. */
  show(x: number, y: number, title: string, lines: readonly CardLine[], note?: string): void;
  hide(): void;
  remove(): void;
}

const AWAY = 14;

export function makeCard(parent: HTMLElement): Card {
  const card = parent.appendChild(document.createElement("div"));
  card.className = style.card ?? "";
  card.hidden = true;
  card.setAttribute("aria-hidden", "true"); // the chart's table says the same
  let shown = "";
  return {
    show(x, y, title, lines, note = "") {
      const key = JSON.stringify([title, lines, note]);
      if (key !== shown) card.replaceChildren(...content(title, lines, note));
      shown = key;
      card.hidden = false;
      const room = parent.clientWidth - card.offsetWidth;
      const left = x + AWAY <= room ? x + AWAY : Math.max(0, x - AWAY - card.offsetWidth);
      const below = y + AWAY + card.offsetHeight <= Math.max(parent.clientHeight, card.offsetHeight);
      const top = below ? y + AWAY : Math.max(-AWAY, y - AWAY - card.offsetHeight);
      card.style.transform = `translate(${Math.round(Math.min(left, Math.max(0, room)))}px, ${Math.round(top)}px)`;
    },
    hide() {
      card.hidden = true;
    },
    remove() {
      card.remove();
    },
  };
}

function content(title: string, lines: readonly CardLine[], note: string): Node[] {
  const made: Node[] = [];
  if (title) made.push(element("div", style.title, title));
  for (const line of lines) {
    const row = element("div", line.near ? style.near : style.row);
    const mark = element("i", style.mark);
    if (line.colour) mark.style.background = line.colour;
    row.append(...(line.colour ? [mark] : []), element("span", style.label, line.label));
    row.append(element("span", style.value, line.value));
    made.push(row);
  }
  if (note) made.push(element("div", style.note, note));
  return made;
}

function element(name: string, className: string | undefined, text = ""): HTMLElement {
  const made = document.createElement(name);
  made.className = className ?? "";
  made.textContent = text;
  return made;
}
