/** From values to pixels and back. */

export type Span = readonly [number, number];

export interface Scale {
  readonly domain: Span;
  readonly range: Span;
  /** The pixel of a value; NaN where it has none. */
  to(value: number): number;
  /** The value at a pixel. */
  from(pixel: number): number;
}

export function linear(domain: Span, range: Span): Scale {
  const [low, high] = domain;
  const [begin, end] = range;
  const unit = (end - begin) / (high - low || 1);
  return {
    domain,
    range,
    to: (value) => begin + (value - low) * unit,
    from: (pixel) => low + (pixel - begin) / (unit || 1),
  };
}

/** Of positive values; what is zero or less has no pixel. */
export function logarithmic(domain: Span, range: Span): Scale {
  const inner = linear([Math.log10(domain[0]), Math.log10(domain[1])], range);
  return {
    domain,
    range,
    to: (value) => (value > 0 ? inner.to(Math.log10(value)) : Number.NaN),
    from: (pixel) => 10 ** inner.from(pixel),
  };
}

/** The smallest and the largest finite value, or positive one; null: there is none. */
export function extent(values: Iterable<number>, positive = false): Span | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value) || (positive && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

export function union(a: Span | null, b: Span | null): Span | null {
  if (a === null || b === null) return a ?? b;
  return [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
}

/** 1, 2 or 5 times a power of ten: the smallest that is not below `rough`. */
export function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const rest = rough / power;
  // 10 * power may not be the next power of ten in floats: 1e-7 is not 10 * 1e-8.
  return Number(`${[1, 2, 5, 10].find((step) => step >= rest - 1e-9) ?? 10}e${Math.round(Math.log10(power))}`);
}

/** The span of an axis that shows `data`, with ends on round numbers. */
export function rounded(data: Span, parts = 5): Span {
  const [low, high] = data[0] === data[1] ? around(data[0]) : data;
  const step = niceStep((high - low) / parts);
  return [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
}

/** The same for a logarithmic axis: ends on 1, 2 or 5 times a power of ten. */
export function roundedLog(data: Span): Span {
  const down = (value: number) => {
    const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
    return ([5, 2, 1].find((step) => step * power <= value * (1 + 1e-9)) ?? 1) * power;
  };
  const low = down(data[0]);
  const high = niceStep(data[1]);
  return low < high ? [low, high] : [low / 2, high * 2];
}

/** What an axis that shows `old` shows once it has to show `data`, too: the same as long as it can, then more by a step,
 * so that a live chart does not move with each point. */
export function grown(old: Span | null, data: Span): Span {
  if (old === null) return data;
  const room = Math.max(old[1] - old[0], data[1] - data[0]) / 4;
  return [data[0] < old[0] ? data[0] - room : old[0], data[1] > old[1] ? data[1] + room : old[1]];
}

function around(value: number): Span {
  const half = Math.abs(value) / 2 || 0.5;
  return [value - half, value + half];
}
