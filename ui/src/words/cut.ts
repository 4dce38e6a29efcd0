/** `cross_v…_4`: at most `max` characters, cut in the middle, since names differ at their ends. */
export function cutMiddle(text: string, max: number): string {
  const letters = Array.from(text);
  if (letters.length <= max) return text;
  const tail = Math.floor((max - 1) * 0.4);
  return `${letters.slice(0, max - 1 - tail).join("")}…${letters.slice(letters.length - tail).join("")}`;
}
