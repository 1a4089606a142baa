/** Columns of a matrix that lie side by side. */
export const PANEL = 8;

/**
 * A number of columns, rounded up to whole panels.
 *
 * @param columns how many there are
 */
export function padded(columns: number): number {
  return Math.ceil(columns / PANEL) * PANEL;
}

/**
 * The right factor of a product as the kernels read it.
 *
 * @param data `[depth][columns]`
 * @param depth rows
 * @param columns columns
 * @returns `[columns / PANEL, rounded up][depth][PANEL]`, with zeros behind the last column
 */
export function packPanels(data: Float32Array, depth: number, columns: number): Float32Array {
  const packed = new Float32Array(padded(columns) * depth);
  for (let first = 0; first < columns; first += PANEL) {
    const width = Math.min(PANEL, columns - first);
    for (let row = 0; row < depth; row++) {
      const from = row * columns + first;
      const to = first * depth + row * PANEL;
      for (let i = 0; i < width; i++) packed[to + i] = data[from + i]!;
    }
  }
  return packed;
}

/**
 * A row that is as long as the panels, with zeros behind it.
 *
 * @param data a number a column
 */
export function packRow(data: Float32Array): Float32Array {
  const packed = new Float32Array(padded(data.length));
  packed.set(data);
  return packed;
}
