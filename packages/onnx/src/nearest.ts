/**
 * The names most like one that is unknown, for messages: `" Did you mean "conv1", "conv2"?"`, or an empty string.
 *
 * @param name what was asked for
 * @param known what there is
 * @param most how many to give
 */
export function didYouMean(name: string, known: Iterable<string>, most = 3): string {
  const want = name.toLowerCase();
  const ranked: [number, string][] = [];
  for (const other of known) {
    if (!other) continue;
    const have = other.toLowerCase();
    const contains = have.includes(want) || want.includes(have);
    const far = contains ? Math.abs(have.length - want.length) / 100 : distance(want, have);
    if (far <= Math.max(1, want.length / 2)) ranked.push([far, other]);
  }
  ranked.sort((a, b) => a[0] - b[0]);
  const names = ranked.slice(0, most).map(([, other]) => `"${other}"`);
  return names.length > 0 ? ` Did you mean ${names.join(', ')}?` : '';
}

/** Edits (insert, delete, replace) between two texts. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replace = row[j]! + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(replace, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
