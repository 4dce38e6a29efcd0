/** Words for screen readers, in the page's polite region. Each text is told once. */

let place: HTMLElement | null = null;

export function sayIn(element: HTMLElement | null): void {
  place = element;
}

export function say(text: string): void {
  if (!place) return;
  // The same text twice is no change to the region: an unseen space makes it one.
  place.textContent = place.textContent === text ? `${text}\u00a0` : text;
}
