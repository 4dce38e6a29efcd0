/** Which parts of a table have to be asked for, so that what is seen of it is there. */

export const BLOCK_ROWS = 100;
export const BLOCK_COLUMNS = 16;

export interface Block {
  /** The first row, and how many. */
  offset: number;
  limit: number;
  /** Places of columns. */
  columns: number[];
}

export interface Seen {
  firstRow: number;
  lastRow: number;
  firstColumn: number;
  lastColumn: number;
}

/** The blocks that cover what is seen; the same ones as long as they do. */
export function blocksOf(seen: Seen, rows: number, columns: number): Block[] {
  if (rows === 0 || columns === 0) return [];
  const blocks: Block[] = [];
  const [top, bottom] = [Math.floor(seen.firstRow / BLOCK_ROWS), Math.floor(seen.lastRow / BLOCK_ROWS)];
  const [left, right] = [Math.floor(seen.firstColumn / BLOCK_COLUMNS), Math.floor(seen.lastColumn / BLOCK_COLUMNS)];
  for (let down = top; down <= bottom; down++) {
    const offset = down * BLOCK_ROWS;
    for (let across = left; across <= right; across++) {
      const from = across * BLOCK_COLUMNS;
      const count = Math.min(BLOCK_COLUMNS, columns - from);
      blocks.push({
        offset,
        limit: Math.min(BLOCK_ROWS, rows - offset),
        columns: Array.from({ length: count }, (_, at) => from + at),
      });
    }
  }
  return blocks;
}

export function blockKey(row: number, column: number): string {
  return `${Math.floor(row / BLOCK_ROWS)} ${Math.floor(column / BLOCK_COLUMNS)}`;
}

/** How wide a column is drawn, by its type and name. */
export function columnWidth(type: string, name: string): number {
  const least = type === "bool" ? 72 : isNumeric(type) ? 104 : type === "time" ? 184 : 160;
  return Math.min(240, Math.max(least, 28 + name.length * 7.6));
}

export function isNumeric(type: string): boolean {
  return /^(u?int|float|complex|bfloat|duration)/.test(type);
}

/** A cell in words. What is missing is a dash. */
export function cellText(cell: unknown, type = ""): string {
  if (cell === null || cell === undefined) return "–";
  if (type === "time" && typeof cell === "string") return timeText(cell);
  if (typeof cell === "number") return numberText(cell);
  return typeof cell === "string" ? cell : JSON.stringify(cell);
}

/** "2026-04-15 09:18:02", with what is less than a second where there is something. */
function timeText(time: string): string {
  return time
    .replace("T", " ")
    .replace(/ 00:00:00(\.0+)?(Z|\+00:00)?$/, "")
    .replace(/\.0+(?=\D|$)/, "");
}

/** Whether there is nothing in it: what is missing, and no number. */
export function isMissing(cell: unknown): boolean {
  return cell === null || cell === "nan";
}

/** A number as a table shows it: whole ones exactly, others to six digits. */
export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e7) return String(Number(value.toPrecision(6)));
  return value.toExponential(4).replace(/\.?0+e/, "e");
}
