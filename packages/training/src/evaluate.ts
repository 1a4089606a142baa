import { LensError, type Graph, type TensorData } from '@convlens/onnx';
import type { Executor } from '@convlens/runtime';
import type { ImageSet } from './image-set.js';
import { batchOf } from './learn.js';
import { scoresOf } from './scores.js';

/** How a network does on a set. */
export interface Evaluation {
  /** Images told right. */
  readonly right: number;
  readonly count: number;
  /** Row: the right class; column: what the network said; how often. */
  readonly confusion: readonly Uint32Array[];
}

/**
 * What a network says to every image of a set.
 *
 * @param executor the runtime
 * @param network with its weights, as `Trainer.network` gives it
 * @param set the images
 * @param batch images in a run
 * @throws LensError `E_SHAPE` when the network has fewer classes than the set; as the runtime does
 */
export async function evaluate(
  executor: Executor,
  network: Graph,
  set: ImageSet,
  batch = 256,
): Promise<Evaluation> {
  const { classes, labels } = set;
  const scores = scoresOf(network);
  const input = network.inputs.find(({ name }) => !network.initializers.has(name))!.name;
  const program = await executor.prepare({
    ...network,
    outputs: [{ name: scores, dtype: 'float32', shape: undefined }],
  });
  const confusion = classes.map(() => new Uint32Array(classes.length));
  let right = 0;
  try {
    for (let from = 0; from < labels.length; from += batch) {
      const chosen = Array.from(
        { length: Math.min(batch, labels.length - from) },
        (_, i) => from + i,
      );
      const found = (await program.run({ [input]: batchOf(set, chosen) }))[scores]!;
      chosen.forEach((image, i) => {
        const said = highest(found, i, classes.length);
        confusion[labels[image]!]![said]!++;
        if (said === labels[image]) right++;
      });
    }
  } finally {
    await program.dispose();
  }
  return { right, count: labels.length, confusion };
}

/** The class with the highest score of an image. */
function highest({ shape, data }: TensorData, image: number, classes: number): number {
  const [, width = 1] = shape;
  if (width !== classes) {
    throw new LensError(
      'E_SHAPE',
      `Expected a network with ${classes} classes, as the set has, got one with ${width}.`,
    );
  }
  const row = (data as Float32Array).subarray(image * width, (image + 1) * width);
  return row.reduce((best, value, k) => (value > row[best]! ? k : best), 0);
}
