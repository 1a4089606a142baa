import { attackCurve } from '../attack/curve.js';
import { attackFool } from '../attack/fool.js';
import { attackPatch } from '../attack/patch.js';
import { attackImages } from '../attack/single.js';
import { attackTransfer } from '../attack/transfer.js';
import { attackUniversal } from '../attack/universal.js';

/** What may stand before the model; a file of such a name is given as `./curve`. */
const KINDS: Readonly<Record<string, (args: readonly string[]) => Promise<string>>> = {
  curve: attackCurve,
  transfer: attackTransfer,
  universal: attackUniversal,
  patch: attackPatch,
  fool: attackFool,
};

/** `convlens attack [curve|transfer|universal|patch|fool]`. */
export async function attack(args: readonly string[]): Promise<string> {
  const [first = '', ...rest] = args;
  const kind = Object.hasOwn(KINDS, first) ? KINDS[first] : undefined;
  return kind ? kind(rest) : attackImages(args);
}
