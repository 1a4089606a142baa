/**
 * Rows as CSV; texts with commas or quotes are quoted.
 *
 * @param rows the first one is the head
 */
export const csv = (rows: readonly (readonly unknown[])[]): string =>
  rows
    .map((row) =>
      row
        .map((cell) => {
          const text = typeof cell === 'string' ? cell : JSON.stringify(cell ?? '');
          const plain = text === '""' ? '' : text;
          return /[",\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
        })
        .join(','),
    )
    .join('\n');
