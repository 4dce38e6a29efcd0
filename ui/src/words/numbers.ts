/** Numbers as they are read. Each has one width for one magnitude, so that it can change in place. */

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `1,200` */
export function count(n: number): string {
  return whole.format(n);
}

/** `1 run`, `1,200 runs` */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

const SIZES = ["B", "kiB", "MiB", "GiB", "TiB", "PiB"];

/** `512 B`, `2.1 GiB`, `64 MiB` */
export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return "–";
  let size = n;
  let unit = 0;
  while (Math.abs(size) >= 999.5 && unit < SIZES.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit > 0 && Math.abs(size) < 9.95 ? size.toFixed(1) : size.toFixed(0)} ${SIZES[unit]}`;
}

/** `2.1 of 2.0 GiB`, `900 MiB of 2.0 GiB`; `of` 0 or unknown: `2.1 GiB`. */
export function bytesOf(n: number, of: number | null | undefined): string {
  if (!of) return bytes(n);
  const [used, most] = [bytes(n).split(" "), bytes(of).split(" ")];
  return `${used[1] === most[1] ? used[0] : used.join(" ")} of ${most.join(" ")}`;
}

/** `12%`; 0 and 100 are said only of what is exactly so. */
export function percent(part: number, of: number): string {
  if (of <= 0) return "–";
  const share = (part / of) * 100;
  const shown = Math.round(share);
  if (shown === 100 && part < of) return ">99%";
  if (shown === 0 && part > 0) return "<1%";
  return `${shown}%`;
}

/** A metric's value or a parameter's: four figures that count, and what JSON has no number for by its name. */
export function figure(value: number | string | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return count(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2).replace("e+", "e");
  if (size >= 1000) return whole.format(value);
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 4);
}
