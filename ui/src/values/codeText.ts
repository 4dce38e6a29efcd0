/** A line as the server has told its words apart: pairs of a word's class ("": none) and its text. */
export type CodeLine = readonly (readonly string[])[];

export function textOf(line: CodeLine): string {
  return line.map(([, text]) => text).join("");
}
