/** Where menus and tooltips are drawn: a landmark of its own, so that whoever walks the page by its landmarks finds them. */
export const FLOATS = "floats";

export function floats(): HTMLElement | null {
  return document.getElementById(FLOATS);
}
