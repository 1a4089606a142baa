import type { NetworkSource } from '../shared/api.js';

const numbers = new WeakMap<Blob, number>();
let known = 0;

/** A number for each file: two files of one name may differ. */
function numberOf(blob: Blob): number {
  let number = numbers.get(blob);
  if (number === undefined) numbers.set(blob, (number = ++known));
  return number;
}

/**
 * What two sources have in common that are the same network, read in the same way.
 *
 * @param source where it comes from
 */
export function networkKey({ blob, externalData = {}, ...source }: NetworkSource): string {
  const files = Object.entries(externalData).map(([location, part]) => [location, numberOf(part)]);
  return JSON.stringify([source, blob && numberOf(blob), files]);
}
