/**
 * The places nearest to those wished for (least squares, weighted) that keep their order and their distances: `places[i + 1]
 * - places[i] >= apart[i]`. Pool adjacent violators, in linear time.
 *
 * Best, Chakravarti: Active set algorithms for isotonic regression (Mathematical Programming 47, 1990).
 */
export function placedApart(wished: ArrayLike<number>, weights: ArrayLike<number>, apart: ArrayLike<number>): number[] {
  const count = wished.length;
  const offsets = new Float64Array(count);
  for (let i = 1; i < count; i++) offsets[i] = at(offsets, i - 1) + at(apart, i - 1);
  // Blocks of neighbours that touch: the mean of what they wish for, less their offsets, and their weight.
  const means = new Float64Array(count);
  const masses = new Float64Array(count);
  const begins = new Int32Array(count);
  let blocks = 0;
  for (let i = 0; i < count; i++) {
    let mean = at(wished, i) - at(offsets, i);
    let mass = at(weights, i);
    let begin = i;
    while (blocks > 0 && at(means, blocks - 1) >= mean) {
      blocks--;
      const other = at(masses, blocks);
      mean = (mean * mass + at(means, blocks) * other) / (mass + other);
      mass += other;
      begin = at(begins, blocks);
    }
    means[blocks] = mean;
    masses[blocks] = mass;
    begins[blocks++] = begin;
  }
  const places: number[] = new Array(count);
  for (let block = 0, i = 0; block < blocks; block++) {
    const end = block + 1 < blocks ? at(begins, block + 1) : count;
    for (; i < end; i++) places[i] = at(means, block) + at(offsets, i);
  }
  return places;
}

/** An element of an array that surely has it. */
function at(array: ArrayLike<number>, index: number): number {
  return array[index] as number;
}
