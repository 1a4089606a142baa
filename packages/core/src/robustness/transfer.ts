import { resizePlanes } from '@convlens/data';
import { LensError } from '@convlens/onnx';
import { attack } from '../attacks/attack.js';
import type { Classifier } from '../attacks/classifier.js';
import { topClass } from '../attacks/losses.js';
import type { Settings } from '../schema/parameter.js';

/** A network that is attacked, and asked about what was made for the others. */
export interface TransferNetwork {
  /** For people. */
  readonly title: string;
  readonly classifier: Classifier;
  /** Names of its classes; without them classes are taken by number, where there are as many. */
  readonly classes?: readonly string[];
  /** The pictures as it sees them: float32 in [0, 1], C x H x W. Picture i is the same one for all networks. */
  readonly images: readonly Float32Array[];
  /** The right class of each picture among its own. */
  readonly labels: readonly number[];
}

/** What one network says of the pictures that were made to fool another. */
export interface TransferCell {
  /** Pictures that could be compared: both networks have the class and knew the picture before. */
  readonly compared: number;
  /** Those of them that fool the network that is asked. */
  readonly fooled: number;
  /** Their part; undefined where nothing could be compared. */
  readonly rate: number | undefined;
  /** What to know of the comparison, or why there is none. */
  readonly notes: readonly string[];
}

/** What transfers. */
export interface TransferTask {
  readonly method: string;
  readonly settings?: Settings;
  readonly seed: number;
  /** Told after every step; may throw, or reject, to cancel. `done` is networks attacked, with a part of the next. */
  readonly onProgress?: (progress: {
    readonly done: number;
    readonly total: number;
    /** The rows that are done. */
    readonly rows: readonly (readonly TransferCell[])[];
  }) => void | Promise<void>;
}

/**
 * Attacks every network, and asks every network about the results: row a, column b is the part of the pictures made to
 * fool a that also fool b, of those that both knew. Between inputs of different sizes pictures are resampled, before and
 * after the attack alike, so that what resampling does is not counted as the attack's. Classes are matched by name.
 *
 * @param networks those to compare, with the same pictures
 * @param task attack
 * @returns rows of cells
 * @throws LensError `E_ARGUMENT` for different numbers of pictures, and as `attack` does
 * @see Szegedy et al., Intriguing properties of neural networks, ICLR 2014, section 4.2
 */
export async function transferMatrix(
  networks: readonly TransferNetwork[],
  task: TransferTask,
): Promise<readonly (readonly TransferCell[])[]> {
  const { method, settings, seed, onProgress } = task;
  const count = networks[0]?.images.length ?? 0;
  for (const { title, images } of networks) {
    if (images.length === count && count > 0) continue;
    throw new LensError(
      'E_ARGUMENT',
      `Expected the same pictures for all networks, got ${count} for ${networks[0]!.title} and ` +
        `${images.length} for ${title}.`,
    );
  }
  const rows: TransferCell[][] = [];
  for (const [number, from] of networks.entries()) {
    const tell = (part: number): void | Promise<void> =>
      onProgress?.({ done: number + part, total: networks.length, rows });
    const { images: attacked } = await attack(from.classifier, {
      method,
      ...(settings && { settings }),
      images: from.images,
      labels: from.labels,
      seed,
      onStep: ({ done, total }) => tell(done / (total + 1)),
    });
    const row: TransferCell[] = [];
    for (const to of networks) {
      if (to === from) {
        const known = attacked.filter((image) => image.known);
        row.push(cellOf(known.length, known.filter(({ fooled }) => fooled).length, []));
      } else row.push(await transfer(from, to, attacked));
    }
    rows.push(row);
    await tell(1);
  }
  return rows;
}

function cellOf(compared: number, fooled: number, notes: readonly string[]): TransferCell {
  return { compared, fooled, rate: compared === 0 ? undefined : fooled / compared, notes };
}

async function transfer(
  from: TransferNetwork,
  to: TransferNetwork,
  attacked: readonly { readonly image: Float32Array; readonly known: boolean }[],
): Promise<TransferCell> {
  const [mine, theirs] = [from.classifier.shape, to.classifier.shape];
  if (mine[0] !== theirs[0]) {
    return cellOf(0, 0, [
      `The networks see images with ${mine[0]} and ${theirs[0]} channels: one cannot be shown the other's.`,
    ]);
  }
  const match = matchClasses(from, to);
  if (!match) {
    return cellOf(0, 0, [
      'Not both networks have names for their classes, and they have different numbers of them.',
    ]);
  }
  const notes: string[] = [];
  const [, ...own] = mine;
  const [, ...other] = theirs;
  const same = own[0] === other[0] && own[1] === other[1];
  if (!same) {
    notes.push(
      `Pictures of ${own.join(' x ')} are resampled to ${other.join(' x ')}, which may undo the attack.`,
    );
  }
  const seen = (image: Float32Array): Float32Array =>
    same ? image : resizePlanes(image, [own[0], own[1]], [other[0], other[1]]).map(clip);
  const shared = from.labels.flatMap((label, i) => {
    const theirLabel = match[label];
    return theirLabel === undefined ? [] : [{ i, label: theirLabel }];
  });
  const missing = from.labels.length - shared.length;
  if (missing > 0) notes.push(`${to.title} does not have the class of ${missing} pictures.`);
  const clean = await to.classifier.logits(shared.map(({ i }) => seen(from.images[i]!)));
  const both = shared.filter(
    ({ i, label }, at) => attacked[i]!.known && topClass(clean[at]!) === label,
  );
  const ends = await to.classifier.logits(both.map(({ i }) => seen(attacked[i]!.image)));
  const fooled = both.filter(({ label }, at) => topClass(ends[at]!) !== label).length;
  return cellOf(both.length, fooled, notes);
}

const clip = (value: number): number => Math.min(1, Math.max(0, value));

/**
 * The class of another network for each class of one: of the same name, whole or one of those between commas; by number
 * where a network has no names and both have as many classes. Undefined where they cannot be matched at all.
 */
function matchClasses(
  from: TransferNetwork,
  to: TransferNetwork,
): readonly (number | undefined)[] | undefined {
  if (!from.classes || !to.classes) {
    const { classes } = from.classifier;
    return classes === to.classifier.classes
      ? Array.from({ length: classes }, (_, k) => k)
      : undefined;
  }
  const index = new Map<string, number>();
  const add = (name: string, k: number): void => {
    if (!index.has(name)) index.set(name, k);
  };
  const whole = (name: string): string => name.trim().toLowerCase();
  const parts = (name: string): string[] => name.split(',').map(whole);
  // Whole names first: "crane, bird" must not take the place of "crane".
  to.classes.forEach((name, k) => add(whole(name), k));
  to.classes.forEach((name, k) => parts(name).forEach((part) => add(part, k)));
  const named = to.classes;
  return from.classes.map((name, k) => {
    // Lists in the same order may have a name twice: ImageNet has a bird and a machine called crane.
    if (named[k] !== undefined && whole(named[k]) === whole(name)) return k;
    const any = parts(name).find((part) => index.has(part)) ?? '';
    return index.get(whole(name)) ?? index.get(any);
  });
}
